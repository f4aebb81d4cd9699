import { Undrop } from '../../../dist/session.js';
import { conforming } from '../lib/conforming.js';

export default conforming(Undrop);
