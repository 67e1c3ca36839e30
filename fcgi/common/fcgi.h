/* SPDX-License-Identifier: MIT */
/*
 * fcgi: the process around a service.
 *
 * fcgi_main() is the whole main() of a responder: configure, open, restrict,
 * serve one request at a time until SIGTERM, close.
 *
 *	-n  check the configuration, print it with secrets hidden, exit 0 or 1
 *	-h  describe every variable, tab-separated
 *	-r  list what it answers, a method and a path a line
 *	-V  print the version
 */
#ifndef FCGI_H
#define FCGI_H

#include "app.h"

int fcgi_main(struct app *, int argc, char *argv[]);

#endif
