import { WebSocketInterceptor } from '@mswjs/interceptors/WebSocket';

/** Replaces the native class as MSW's `ws` does. The server echoes, and closes with 1011 when it gets `end`. */
export function replace() {
  const interceptor = new WebSocketInterceptor();
  interceptor.on('connection', ({ client }) => {
    client.addEventListener('message', ({ data }) => {
      if (data === 'end') client.close(1011);
      else client.send(data);
    });
  });
  interceptor.apply();
}
