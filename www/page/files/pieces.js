// The binary frames: a piece of a file, behind the file's number and the place of its first byte, 4 bytes each, the highest
// first. As in the server's `piece.rs`.

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
