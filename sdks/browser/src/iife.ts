// SPDX-License-Identifier: MIT
import { autoInit } from './auto';
import { init } from './index';

autoInit(init);
export { init };
