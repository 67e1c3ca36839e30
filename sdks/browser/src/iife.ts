// SPDX-License-Identifier: MIT
import { autoInit } from "./auto.js";
import { init } from "./index.js";

autoInit(init);
