/* migration.js - applies the files of lib/migrations that a database has not had, in numeric order, each in
 * a transaction together with the record that it was applied.
 */
import * as native from 'pinstripe:native/database';
import { migrations } from 'pinstripe:registries';

/* database: without tenant scope. Gives the names of what was applied now. */
export async function applyMigrations(database, session){
    const files = inOrder();
    const applied = [];
    native.migrationPrepare(session.number);
    session.forgetTables();
    for(const { version, name, definition } of files){
        if(await session.migration(version, () => apply(database, name, definition))) applied.push(name);
    }
    return applied;
}

async function apply(database, name, definition){
    const migration = Object.create(definition, { database: { value: database } });
    try {
        await migration.migrate();
    } catch(error){
        throw new Error(`Migration ${name} failed: ${error?.message ?? error}`, { cause: error });
    }
}

function inOrder(){
    const files = migrations.entries.map(readEntry).sort((a, b) => a.version - b.version);
    files.forEach(({ version, file }, i) => {
        if(files[i + 1]?.version === version) throw new Error(`${file} and ${files[i + 1].file} have one number, ${version}: give one of them another.`);
    });
    return files;
}

function readEntry({ name, file, definition, broken }){
    if(broken) throw new Error(`Migration ${file} is broken: ${broken.message}`);
    const version = Number(/^(?:.*\/)?(\d+)/.exec(name)?.[1]);
    if(!Number.isSafeInteger(version)) throw new Error(`Migration ${file} must have a name that begins with a number, such as 1700000001_create_users.js.`);
    if(typeof definition.migrate != 'function') throw new Error(`Migration ${file} has no migrate().`);
    return { version, name, file, definition };
}
