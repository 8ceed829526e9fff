/* project_types.h - a project's type declarations, types/<name>.d.ts, for editors and checkers.
 *
 * pinstripe.d.ts declares what pinstripe brings, project.d.ts the project's own jobs, services and
 * models by their files, database.d.ts its tables, as migrate-database finds them. A project has
 * them when it has types/pinstripe.d.ts: generate-project makes that, and other commands then keep
 * the three as they should be. In a project without it nothing here does anything.
 */
#ifndef PIN_COMMAND_PROJECT_TYPES_H
#define PIN_COMMAND_PROJECT_TYPES_H

#include "command/scaffold.h"

/* src/javascript/types/pinstripe.d.ts, built into the program. Ends with a NUL. */
extern const char pin__types_text[];

/* jsconfig.json and the three files, as far as they are not there. */
pin_status pin__types_create(struct scaffold *s, struct pin_err *err) PIN_MUST_USE;
/* Gives the `export default` of a new file its type, such as "BackgroundJob". */
void pin__types_annotate(struct pin_buf *content, const char *root, const char *type);
/* Writes what is not as it should be. `tables`: the text of database.d.ts; NULL leaves it. What
 * cannot be written is said, and is no failure of the command. */
void pin__types_refresh(const struct cli *cli, const char *root, const char *tables);

#endif
