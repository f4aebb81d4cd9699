// What a client is given that reconnects by itself: see docs/under-other-libraries.md.

import { Undrop } from '../../../dist/index.js';

export default Undrop.with({ lifetime: 'connection', heartbeat: { message: 'ping', reply: 'pong' } });
