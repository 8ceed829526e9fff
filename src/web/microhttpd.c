/* microhttpd.c - see microhttpd.h. */
#include "web/microhttpd.h"

#include "base/library.h"

pin_status
pin__microhttpd_load(struct pin_microhttpd *m, struct pin_err *err)
{
    const struct pin_symbol symbols[] = {
        { "MHD_start_daemon", &m->start_daemon },
        { "MHD_stop_daemon", &m->stop_daemon },
        { "MHD_quiesce_daemon", &m->quiesce_daemon },
        { "MHD_run", &m->run },
        { "MHD_get_timeout", &m->get_timeout },
        { "MHD_get_daemon_info", &m->get_daemon_info },
        { "MHD_get_connection_info", &m->get_connection_info },
        { "MHD_get_connection_values", &m->get_connection_values },
        { "MHD_suspend_connection", &m->suspend_connection },
        { "MHD_resume_connection", &m->resume_connection },
        { "MHD_create_response_from_buffer", &m->create_response },
        { "MHD_add_response_header", &m->add_response_header },
        { "MHD_queue_response", &m->queue_response },
        { "MHD_destroy_response", &m->destroy_response },
    };

    return pin__library_load("libmicrohttpd.so.12", "libmicrohttpd12", symbols,
                             sizeof symbols / sizeof *symbols, err);
}
