// SPDX-License-Identifier: MIT
import { autoInit } from './auto';
import { init } from './full';

autoInit(init);
export { init };
