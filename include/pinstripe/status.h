/* status.h - what every function that can fail returns.
 *
 * The status is for the program; the sentence for the person is in a struct pin_err.
 */
#ifndef PINSTRIPE_STATUS_H
#define PINSTRIPE_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    PIN_OK = 0,
    PIN_EMPTY,     /* nothing there; not a failure */
    PIN_FAILED,    /* the job, the check or the statement failed */
    PIN_INVALID,   /* bad input: the caller can mend it */
    PIN_NOT_FOUND, /* no such project, job, tenant, table */
    PIN_CONFLICT,  /* unique, already there, already running */
    PIN_DENIED,    /* not permitted: scope, rights, outside the project */
    PIN_LIMIT,     /* a named limit was reached */
    PIN_TIMEOUT,   /* a deadline passed */
    PIN_CANCELLED, /* somebody asked for it to stop */
    PIN_BUSY,      /* may be tried again later */
    PIN_LOST,      /* the claim or the peer is gone */
    PIN_UNKNOWN,   /* an answer never came: it may have happened */
    PIN_CONFIG,    /* the project's configuration is wrong */
    PIN_IO,        /* a system call failed */
    PIN_NO_MEMORY,
    PIN_STATUS_COUNT
} pin_status;

#ifdef __cplusplus
}
#endif
#endif
