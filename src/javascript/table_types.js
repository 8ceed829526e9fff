/* table_types.js - the tables of a database as TypeScript declares them: the text of a project's types/database.d.ts,
 * for editors. What the declarations refer to is in types/pinstripe.d.ts.
 *
 * Each table has an interface for its columns, its rows and its queries. Interfaces are looked at late, so rows,
 * models and queries may refer to each other in circles.
 */
const TYPES = {
    primary_key: 'number',
    alternate_key: 'string',
    foreign_key: 'string | null',
    string: 'string',
    text: 'string | null',
    integer: 'number',
    float: 'number',
    decimal: 'number',
    boolean: 'boolean',
    date: 'Date | null',
    datetime: 'Date | null',
    binary: 'Uint8Array | null',
};

const HEAD = `// database.d.ts - the tables of the database, as \`pinstripe migrate-database\` found them. It is written anew each time.

export {};

declare module 'pinstripe' {
`;

/* tables: [{ name, columns, model }], singletons: [[name, table]]. `multiTenant`: a tenant's row leads to all tables. */
export function tableTypes(tables, singletons, multiTenant){
    const names = tables.map(({ name }) => name);
    const parts = tables.map(table => declareTable(table, names, multiTenant && table.name == 'tenants'));
    const entries = tables.map(entryOf);
    const others = singletons.map(([name, table]) => member(name, quoted(table), 2));
    return `${HEAD}${parts.join('\n')}\n${block('interface Tables', entries, 1)}${block('interface Singletons', others, 1)}}\n`;
}

function declareTable({ name, columns, model }, names, isTenants){
    const relations = relationsOf(model).filter(({ collectionName }) => names.includes(collectionName));
    const fields = Object.entries(columns).map(([column, type]) => member(column, typeOf(column, type), 2));
    const members = relations.map(({ name, many, collectionName }) => reading(name, many ? 'Query' : 'DeferredRow', collectionName));
    const known = [...Object.keys(columns), ...relations.map(({ name }) => name)];
    if(isTenants) members.push(...names.filter(other => other != name && !known.includes(other)).map(other => reading(other, 'Query', other)));
    const bases = [columnsOf(name), `RowMembers<${quoted(name)}>`, `Members<${quoted(name)}>`, ...isTenants ? ['TenantMembers'] : []];
    return block(`interface ${columnsOf(name)}`, fields, 1)
        + block(`interface ${rowOf(name)} extends ${bases.join(', ')}`, members, 1)
        + block(`interface ${queryOf(name)} extends QueryMembers<${quoted(name)}>`, relations.map(({ name, collectionName }) => reading(name, 'Query', collectionName)), 1);
}

function entryOf({ name, model }, _, tables){
    const related = relationsOf(model).filter(({ collectionName }) => tables.some(({ name }) => name == collectionName));
    const parts = [
        member('columns', columnsOf(name), 3), member('row', rowOf(name), 3), member('query', queryOf(name), 3),
        block('related:', related.map(({ name, collectionName }) => member(name, quoted(collectionName), 4)), 3),
        block('scopes:', Object.keys(model.scopes).map(scope => member(scope, 'any', 4)), 3),
    ];
    return block(`${keyOf(name)}:`, parts, 2);
}

const relationsOf = ({ relations }) => Object.values(relations);
const reading = (name, kind, table) => `        readonly ${member(name, `${kind}<${quoted(table)}>`, 0)}`;
const typeOf = (name, type) => name != 'id' && type == 'string' && name.endsWith('Id') ? 'string | null' : TYPES[type] ?? 'any';
const quoted = name => `'${name.replaceAll(/[\\']/g, '\\$&')}'`;
const keyOf = name => /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
const member = (name, type, depth) => `${'    '.repeat(depth)}${keyOf(name)}: ${type};\n`;

const columnsOf = name => `Columns_${plain(name)}`;
const rowOf = name => `Row_${plain(name)}`;
const queryOf = name => `Query_${plain(name)}`;
/* Of letters, digits and _, another one for each name. */
const plain = name => name.replaceAll(/[^A-Za-z0-9]/g, letter => letter == '_' ? '_' : `$${letter.codePointAt(0)}_`);

function block(head, lines, depth){
    const indent = '    '.repeat(depth);
    return lines.length ? `${indent}${head} {\n${lines.join('')}${indent}}\n` : `${indent}${head} {}\n`;
}
