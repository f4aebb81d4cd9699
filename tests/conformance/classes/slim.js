import { Undrop } from '../../../dist/slim.js';
import { conforming } from '../lib/conforming.js';

export default conforming(Undrop);
