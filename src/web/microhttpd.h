/* microhttpd.h - the functions of libmicrohttpd that http.c uses, loaded at first use. */
#ifndef PIN_WEB_MICROHTTPD_H
#define PIN_WEB_MICROHTTPD_H

#include <microhttpd.h>

#include "base/err.h"

struct pin_microhttpd {
    __typeof__(MHD_start_daemon) *start_daemon;
    __typeof__(MHD_stop_daemon) *stop_daemon;
    __typeof__(MHD_quiesce_daemon) *quiesce_daemon;
    __typeof__(MHD_run) *run;
    __typeof__(MHD_get_timeout) *get_timeout;
    __typeof__(MHD_get_daemon_info) *get_daemon_info;
    __typeof__(MHD_get_connection_info) *get_connection_info;
    __typeof__(MHD_get_connection_values) *get_connection_values;
    __typeof__(MHD_suspend_connection) *suspend_connection;
    __typeof__(MHD_resume_connection) *resume_connection;
    __typeof__(MHD_create_response_from_buffer) *create_response;
    __typeof__(MHD_add_response_header) *add_response_header;
    __typeof__(MHD_queue_response) *queue_response;
    __typeof__(MHD_destroy_response) *destroy_response;
};

/* PIN_NOT_FOUND when the library is not installed. */
pin_status pin__microhttpd_load(struct pin_microhttpd *m, struct pin_err *err) PIN_MUST_USE;

#endif
