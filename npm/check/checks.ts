// What is checked, in the order in which it is.

import { ending } from './checks/ending.js';
import { limits } from './checks/limits.js';
import { live } from './checks/live.js';
import { negotiation } from './checks/negotiation.js';
import { resuming } from './checks/resuming.js';
import { violations } from './checks/violations.js';

export const checks = [...negotiation, ...live, ...violations, ...resuming, ...ending, ...limits];
