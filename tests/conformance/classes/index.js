import { Undrop } from '../../../dist/index.js';
import { conforming } from '../lib/conforming.js';

export default conforming(Undrop);
