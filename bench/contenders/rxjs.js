import { repeat, retry } from 'rxjs';
import { webSocket } from 'rxjs/webSocket';

export const open = (url, app) =>
  new Promise((resolve) => {
    const socket = webSocket({
      url,
      binaryType: 'arraybuffer',
      // By default both use JSON for everything, which fits neither binary messages nor finished text.
      serializer: (data) => (typeof data === 'string' ? data : JSON.stringify(data)),
      deserializer: ({ data }) => (typeof data === 'string' ? JSON.parse(data) : data),
      openObserver: {
        next: () => {
          app.opened();
          resolve(connection);
        },
      },
    });
    const connection = {
      say: (type, data) => socket.next({ type, data }),
      send: (data) => socket.next(data),
      close: () => socket.complete(),
    };
    socket.pipe(retry({ delay: 1 }), repeat({ delay: 1 })).subscribe((message) => {
      if (message instanceof ArrayBuffer) app.tick(message);
      else app.message(message);
    });
  });
