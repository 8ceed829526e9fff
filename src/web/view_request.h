/* view_request.h - a request over HTTP as a view is told it: JSON, made from an exchange. */
#ifndef PIN_WEB_VIEW_REQUEST_H
#define PIN_WEB_VIEW_REQUEST_H

#include "web/http.h"

struct pin_view_request_facts {
    bool trusted;      /* from a proxy that the project trusts: it may forward what it was asked */
    bool ours;         /* the host is a name of the server */
    bool multi_tenant; /* x-tenant-id means something: nobody else may say it */
};

/* Appends what renderView() of javascript/view.js is told: { path, ours, query, body, type,
 * secrets }, the last four only when there are such; type is the content-type of the body, secrets
 * are the headers that visitors prove who they are with. */
void pin__view_request_write(struct pin_buf *to, const struct pin_http_exchange *e,
                             const struct pin_view_request_facts *facts);
/* Appends the parameters that runs which the view calls are told as well: { _method, _url, _headers
 * } without those headers. */
void pin__view_request_write_params(struct pin_buf *to, const struct pin_http_exchange *e,
                                    const struct pin_view_request_facts *facts);

#endif
