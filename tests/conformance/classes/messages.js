import { Undrop } from '../../../dist/messages.js';
import { conforming } from '../lib/conforming.js';

export default conforming(Undrop);
