import { Undrop } from '../../../dist/all.js';
import { conforming } from '../lib/conforming.js';

export default conforming(Undrop);
