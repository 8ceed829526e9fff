/* nursery.h - the process that loads a project once and forks workers.
 *
 * It is the pinstripe program executed afresh: `pinstripe --nursery ROOT ENVIRONMENT VERSION
 * [PROGRAM]`, control channel at descriptor 3, all else closed. It never opens a database, never
 * runs a job, and ends when its control channel does.
 */
#ifndef PIN_EXECUTOR_NURSERY_H
#define PIN_EXECUTOR_NURSERY_H

enum { PIN_NURSERY_FD = 3 };
#define PIN_NURSERY_FLAG "--nursery"

/* The whole life of the process; returns its exit status. */
int pin__nursery_main(int argc, char **argv);

#endif
