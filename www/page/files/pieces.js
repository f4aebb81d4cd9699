// The binary frames: the number of a file and the offset of a piece, 4 bytes each in big-endian order, and the piece, as in
// the server's `piece.rs`.

export const HEADER = 8;

export function header(number, offset) {
  const view = new DataView(new ArrayBuffer(HEADER));
  view.setUint32(0, number);
  view.setUint32(4, offset);
  return view;
}

export function parse(frame) {
  const view = new DataView(frame);
  return { number: view.getUint32(0), offset: view.getUint32(4), piece: frame.slice(HEADER) };
}
