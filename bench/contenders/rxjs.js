import { repeat, retry } from 'rxjs';
import { webSocket } from 'rxjs/webSocket';

export const open = (url, app) =>
  new Promise((resolve) => {
    const socket = webSocket({
      url,
      binaryType: 'arraybuffer',
      // By default both are JSON's, which is the one thing that can be done neither to binary nor to finished text.
      serializer: (data) => (typeof data === 'string' ? data : JSON.stringify(data)),
      deserializer: ({ data }) => (typeof data === 'string' ? JSON.parse(data) : data),
      openObserver: {
        next: () => {
          app.opened();
          resolve(line);
        },
      },
    });
    const line = {
      say: (type, data) => socket.next({ type, data }),
      send: (data) => socket.next(data),
      close: () => socket.complete(),
    };
    socket.pipe(retry({ delay: 1 }), repeat({ delay: 1 })).subscribe((message) => {
      if (message instanceof ArrayBuffer) app.tick(message);
      else app.message(message);
    });
  });
