/* fields.h - the fields of a new table as somebody types them: `^title:string userId:foreign_key`.
 *
 * `^` marks a mandatory one, the type is string unless given. Words stand apart by spaces or commas
 * or are words of the command line. Names become camel case, as columns are called.
 */
#ifndef PIN_COMMAND_FIELDS_H
#define PIN_COMMAND_FIELDS_H

#include "base/buf.h"
#include "command/options.h"

#define FIELDS_MAX     64
#define FIELD_NAME_MAX 64

struct field {
    char name[FIELD_NAME_MAX + 1];
    const char *type; /* one of the column types */
    bool mandatory;
};

struct fields {
    struct field list[FIELDS_MAX];
    size_t count;
};

/* From the option --fields and the words left over. PIN_INVALID names the field and what is wrong.
 */
pin_status pin__fields_parse(struct fields *f, const struct args *a,
                             struct pin_err *err) PIN_MUST_USE;
/* A whole migration file: the table is made with these fields, or gets them. */
void pin__fields_write_migration(struct pin_buf *b, const struct fields *f, const char *table);

#endif
