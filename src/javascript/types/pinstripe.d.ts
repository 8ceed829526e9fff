// pinstripe.d.ts - what the files of a project may use, for editors and checkers. Written by pinstripe: a newer
// version replaces it, so what you add goes into a file of your own beside it.
//
// What this project itself has (its tables, services, jobs, models) is added by project.d.ts and database.d.ts.

export {};

/* ---- what the project has ---- */

/** The tables of the database by name, from its schema: see database.d.ts. */
export interface Tables {}
/** Singleton models: their name to their table. */
export interface Singletons {}
/** The default exports of lib/models, by their table: see project.d.ts. */
export interface Models {}
/** The services of lib/services: see project.d.ts. */
export interface ProjectServices {}
/** The jobs of lib/background_jobs by name: see project.d.ts. */
export interface Jobs {}

/** What the create() of a service's file gives. */
export type Made<T> = T extends { create?(...args: any[]): infer R } ? R : any;

export type TableName = Extract<keyof Tables, string>;
/** A job's name; any other spelling of it finds the job as well. */
export type JobName = Extract<keyof Jobs, string> | (string & {});

/** Milliseconds, or a text such as '90s', '5m', '1h30m', '1w'. */
export type Duration = number | string;
/** Bytes, or a text such as '64MB'. */
export type Size = number | string;
/** What JSON can carry; dates and objects with a toJSON() become what that gives. */
export type Carried = any;

/* ---- background jobs ---- */

export interface ScheduleOptions {
    /** Five fields, or six with seconds first; aliases such as '@daily'. */
    cron: string;
    /** A zone such as 'Europe/Paris'; 'tenant': each tenant's own. Default: the project's. */
    timeZone?: string | null;
    /** Due times at which no bot was there: run the latest of them, all, or none. Default: 'latest'. */
    missed?: 'latest' | 'all' | 'skip';
    /** When the run before has not ended: skip this one, queue it behind, or allow both. Default: 'skip'. */
    overlap?: 'skip' | 'queue' | 'allow';
}

export interface RetryOptions {
    /** How often a run that failed is tried again: 0 to 100. */
    limit: number;
    /** Default: 'exponential'. */
    backoff?: 'exponential' | 'linear' | 'fixed';
    /** Before the first retry. Default: '1s'. */
    delay?: Duration;
    /** Default: '1h'. */
    maxDelay?: Duration;
}

export type Hook<This> = ((this: This, self: This) => unknown) | string;

/** What `this` is in any meta(): every verb returns the class. */
export interface MetaVerbs<in out This = any> {
    /** Takes over the members of another file of the folder (by its exact name) or of an object, and runs its meta(). */
    include(...mixins: (string | object)[]): this;
    /** Properties of the class. */
    assignProps(properties: object): this;
    /** Kept in `hooks` of the class. */
    addHook(name: string, hook: Hook<This>): this;
    /** Kept in `annotations` of the class. */
    annotate(annotations: object): this;
}

/** `this` in a job's meta(). */
export interface BackgroundJobMeta extends MetaVerbs<Workspace> {
    readonly name: string;
    /** Adds a schedule: a cron expression or options, and the arguments of its runs. */
    schedule(when: string | ScheduleOptions, ...args: Carried[]): this;
    /** A run is stopped after this time. Default: 10 minutes. */
    timeout(limit: Duration): this;
    /** A run is stopped when its heap grows beyond this. Default: 128 MB. */
    memory(limit: Size): this;
    /** How often a queued run that failed is tried again. Default: not at all. */
    retry(options: number | RetryOptions): this;
    /** The queue that its runs wait in: small letters, digits, - _ and . */
    queue(name: string): this;
    /** -1000 to 1000; larger goes first within a queue. */
    priority(number: number): this;
    /** At most so many runs at the same time, of the job or of each of its tenants. */
    concurrency(options: number | { limit: number; per?: 'job' | 'tenant' }): this;
    /** Queued again with the same arguments within this time: the run there is. */
    unique(options: Duration | { for: Duration }): this;
}

/** `this` in the methods of a job: every service, and the job's own members. */
export type BackgroundJobThis<Own = {}> = Omit<Workspace, 'run'> & Own & {
    /** The job's own method, which also tells of the run under way. */
    readonly run: ((...args: any[]) => any) & RunInfo;
};

/**
 * The default export of a file of lib/background_jobs. `Own` names members of your own that its methods use:
 * `BackgroundJob<{ batchSize: number }>`.
 */
export type BackgroundJob<Own = {}> = {
    /** Called once when the project is loaded; `this` is the job's class. */
    meta?(this: BackgroundJobMeta): void;
    /** In a multi-tenant project: once for each tenant, which is the default, or once. */
    multiTenant?: boolean;
    /** Which tenants it runs for; gives a query or an array. */
    tenantsFilter?(this: void, tenants: Query<'tenants'>): unknown;
    /** The arguments are those of the call, the schedule or the command line. */
    run(this: BackgroundJobThis<Own>, ...args: any[]): unknown;
    [member: string]: any;
} & ThisType<BackgroundJobThis<Own>>;

export interface BackgroundJobClass {
    readonly name: string;
    readonly multiTenant?: boolean;
    readonly tenantsFilter?: (tenants: Query<'tenants'>) => unknown;
    /** [[cron or options, ...arguments], ...] */
    readonly schedules: [string | ScheduleOptions, ...Carried[]][];
    readonly [property: string]: any;
}

export const BackgroundJob: {
    /** Every job's name, sorted. */
    readonly names: string[];
    /** Throws when there is no such job, or when it is broken. */
    for(name: JobName): BackgroundJobClass;
    /** Runs the job once, in the tenant of that context. */
    run(context: Context, name: JobName, ...args: Carried[]): Promise<void>;
};

/** What tells of the run under way. */
export interface RunInfo {
    /** The run's id: the same at each of its attempts. */
    readonly id: string;
    /** 1 at the first attempt. */
    readonly attempt: number;
    /** The key that it was queued with, if any. */
    readonly key?: string | null;
    /** When it was due. */
    readonly dueTime: Date;
    /** When it will be stopped. */
    readonly deadline: Date;
}

export interface EnqueueOptions {
    name: JobName;
    /** Not before this time. Not together with delay. */
    at?: Date | string | number;
    /** Not before so long from now. */
    delay?: Duration;
    /** -1000 to 1000; larger goes first. */
    priority?: number;
    queue?: string;
    /** The same job, tenant and key within a week is the same run. */
    key?: string;
    /** The id or the row of a tenant: for that one only. */
    tenant?: string | { id: string };
}

/* ---- workspaces and services ---- */

export interface Parameters {
    _method: string;
    _url: URL;
    _headers: Record<string, string>;
    [name: string]: any;
}

/** What lives as long as a workspace does. Objects in it that have a destroy() are destroyed with it. */
export interface Context {
    readonly root: Context;
    readonly parent?: Context;
    params: Parameters;
    readonly tenantId?: string;
    /** What is there under that name, or what fn makes. */
    getOrCreate<T>(name: string, fn: () => T): T;
    fork(): Context;
    /** Gives what fn gives, and destroys the context. */
    run<T>(fn: (this: Context, context: Context) => T): Promise<Awaited<T>>;
    destroy(): Promise<void>;
    [name: string]: any;
}

export interface Bot {
    /** Runs what is scheduled for exactly this second, one job after the other. */
    runBackgroundJobs(unixTime: number): Promise<void>;
    /** From now on schedules and queued runs are run by the program that this run is part of. */
    start(): Promise<void>;
    stop(): Promise<void>;
}

/** The configuration: pinstripe.config.js over the defaults. */
export interface Configuration {
    readonly multiTenant: boolean;
    readonly timeZone: string | null;
    readonly database: { readonly adapter: 'sqlite'; readonly filename: string; readonly transactionLimit: Duration };
    readonly store: { readonly filename: string | null };
    readonly native: { readonly compiler: string | null; readonly flags: readonly string[]; readonly libraries: readonly string[]; readonly user: string | null };
    readonly [key: string]: any;
}

type ConfigObject = {
    /** Every job runs once for each row of the table tenants. */
    multiTenant?: boolean;
    /** A zone such as 'Europe/Paris'. Default: TZ. */
    timeZone?: string | null;
    database?: { adapter?: 'sqlite'; filename?: string; transactionLimit?: Duration };
    store?: { filename?: string | null };
    /** Jobs in C: what compiles them, and whom their runs become when pinstripe is root's. */
    native?: { compiler?: string | null; flags?: string[]; libraries?: string[]; user?: string | null };
    [key: string]: any;
};
/** The default export of pinstripe.config.js. */
export type Config = ConfigObject | ((options: { environment: string }) => ConfigObject | Promise<ConfigObject>);

export interface Inflector {
    camelize(text: string): string;
    capitalize(text: string): string;
    dasherize(text: string): string;
    humanize(text: string): string;
    /** The steps in turn: inflect('user', 'pluralize', 'capitalize'). */
    inflect(text: string, ...steps: string[]): string;
    jobName(text: string): string;
    pascalize(text: string): string;
    pluralize(text: string): string;
    singularize(text: string): string;
    snakeify(text: string): string;
    titleize(text: string): string;
    uncapitalize(text: string): string;
}

/** The services that pinstripe brings. */
export interface BuiltinServices {
    readonly bot: Bot;
    readonly config: Configuration;
    readonly database: Database;
    /** A value that is made when somebody awaits it. */
    defer<T>(fn: () => T): Deferred<Awaited<T>>;
    /** Queues one run; gives its id once it is on disk. */
    enqueueBackgroundJob(target: JobName | EnqueueOptions, ...args: Carried[]): Promise<string>;
    /** Queues a run for each list of arguments; gives their ids. */
    enqueueBackgroundJobs(target: JobName | EnqueueOptions, lists: Carried[][]): Promise<string[]>;
    /** PINSTRIPE_ENV, else NODE_ENV, else 'development'. */
    readonly environment: string;
    readonly inflector: Inflector;
    /** The parameters of the workspace; they travel with runBackgroundJob. */
    readonly initialParams: Parameters;
    /** The parameters of the context that asks. */
    readonly params: Parameters;
    /** How far the run is, for whoever watches it. */
    progress(done: number, total: number, text?: string): void;
    readonly project: { readonly name: string; readonly rootPath: string };
    readonly run: RunInfo;
    /** Runs a job in a workspace and a process of its own, and waits. Rejects when it fails. */
    runBackgroundJob(name: JobName, ...args: Carried[]): Promise<void>;
    /** fn gets a new workspace, with this one's parameters and tenant. */
    runInNewWorkspace<T>(fn: (this: Workspace, workspace: Workspace) => T): Promise<Awaited<T>>;
    readonly workspace: Workspace;
}

/** What one run sees: every service, those of the project too. */
export type Workspace = Omit<BuiltinServices, keyof ProjectServices> & ProjectServices & { readonly context: Context };

export const Workspace: {
    /** fn gets a new workspace, without tenant until it sets the header x-tenant-id; gives what fn gives. */
    run<T>(fn: (this: Workspace, workspace: Workspace) => T): Promise<Awaited<T>>;
};

/** The default export of a file of lib/services: what its create() gives, and members of its own that it uses. */
export type Service<Value = any, Own = {}> = {
    meta?(this: MetaVerbs): void;
    /** Called at each access; gives the service's value. */
    create?(this: Workspace & Own): Value;
    [member: string]: any;
} & ThisType<Workspace & Own>;

/** What render() gives: a text is HTML, undefined is 404, [status, headers, body] says all of it, else it is JSON. */
export type Answer = [status: number, headers?: Record<string, any>, body?: any] | object | string | number | boolean | null | undefined;

/** The default export of a file of lib/views. `Own` names members of your own that its methods use. */
export type View<Own = {}> = {
    meta?(this: MetaVerbs<Workspace>): void;
    /** Answers a request; this.params holds what it sent, and _method, _url, _headers and _body. */
    render(this: Workspace & Own): Answer | Promise<Answer>;
    [member: string]: any;
} & ThisType<Workspace & Own>;

/** Awaits to the value; a path of properties and calls on it is walked when it is awaited. */
export type Deferred<T> = PromiseLike<T> & Pick<Promise<T>, 'catch' | 'finally'> & {
    readonly [K in Exclude<keyof NonNullable<T>, keyof Promise<any>>]:
        NonNullable<T>[K] extends (...args: infer A) => infer R ? (...args: A) => Deferred<Settled<R>> : Deferred<Settled<NonNullable<T>[K]>>;
};
type Settled<T> = T extends PromiseLike<infer V> ? V : T;

export function defer<T>(fn: () => T): Deferred<Awaited<T>>;
export const inflector: Inflector;

/** A row that a model's validation refused: `errors` has a message for each field. */
export class ValidationError extends Error {
    errors: Record<string, string>;
}

/* ---- the database ---- */

/* An entry of Tables, which is generated as interfaces: those are looked at late, so that rows, models and queries may
 * refer to each other in circles. */
type Part<T, P extends string> = T extends keyof Tables ? P extends keyof Tables[T] ? Tables[T][P] : {} : {};
type Fields<T> = T extends keyof Tables ? Part<T, 'columns'> : Anything;
type Anything = { [member: string]: any };

/** A row of a table: its columns, relations, what its model adds, and what every row can do. */
export type Row<T = string> = T extends keyof Tables ? Part<T, 'row'> : Anything & RowMembers<T>;
/** A query on a table: a value; nothing happens until all(), first(), count() or a write is called. */
export type Query<T = string> = T extends keyof Tables ? Part<T, 'query'> : QueryMembers<T>;
/** Awaits to the row or to undefined; what is asked of it is asked of the row when it is awaited. */
export type DeferredRow<T> = PromiseLike<Row<T> | undefined> & Pick<Promise<Row<T> | undefined>, 'catch' | 'finally'>
    & { readonly [K in keyof Fields<T>]: Deferred<Fields<T>[K]> }
    & { readonly [K in keyof Members<T> | keyof Part<T, 'related'>]: any };
/** What the model of a table adds to its rows. */
export type Members<T> = T extends keyof Models ? Omit<Models[T], 'meta' | keyof RowMembers | keyof Fields<T>> : {};

export interface WriteOptions<in out T = string> {
    /** One more validation, with the row as `this`. */
    validateWith?(this: Row<T>, row: Row<T>): unknown;
}

type Given<V> = V extends Date ? Date | string | number : V;
/** Fields to be written: columns, and what the model has a setter for. */
export type Values<T> = T extends keyof Tables
    ? { [K in keyof Fields<T>]?: Given<Fields<T>[K]> | null } & { [K in keyof Members<T>]?: any }
    : Record<string, any>;

/** What every row can do, besides its columns and what its model adds. */
export interface RowMembers<in out T = string> {
    readonly database: Database;
    readonly workspace: Workspace;
    /** Whose row it is; awaits to the tenant's row or undefined. */
    readonly tenant: DeferredRow<'tenants'>;
    readonly validationErrors: Record<string, string>;
    /** Assigns the fields, then writes what differs from the database. Gives the row. */
    update(fields?: Values<T>, options?: WriteOptions<T>): Promise<Row<T>>;
    delete(): Promise<Row<T>>;
    setValidationError(name: string, message?: string): this;
    isValidationError(name?: string): boolean;
    toJSON(): object;
    /** A row is not to be taken for a promise. */
    readonly then?: undefined;
}

/** What rows of the table tenants can do as well. */
export interface TenantMembers {
    /** fn gets a new workspace in this tenant. */
    runInNewWorkspace<T>(fn: (this: Workspace, workspace: Workspace) => T): Promise<Awaited<T>>;
    /** The database as this tenant sees it. */
    readonly scopedDatabase: Database;
}

type Suffix = '' | 'Ne' | 'Lt' | 'Gt' | 'Le' | 'Ge' | 'BeginsWith' | 'EndsWith' | 'Contains';
/** Conditions that must all hold: a column, a column with a suffix, a scope or a relation. */
export type Where<T> = T extends keyof Tables
    ? { [K in Extract<keyof Fields<T>, string> as `${K}${Suffix}`]?: Given<Fields<T>[K]> | readonly Given<Fields<T>[K]>[] | null }
        & { [K in keyof Part<T, 'scopes'>]?: any } & { [K in keyof Part<T, 'related'>]?: Where<Part<T, 'related'>[K]> }
    : Record<string, any>;

export type ColumnType =
    | 'string' | 'text' | 'integer' | 'float' | 'decimal' | 'boolean' | 'date' | 'datetime' | 'foreign_key' | 'binary';

export interface QueryMembers<in out T> {
    /** In batches: no more memory for many rows than for few. */
    [Symbol.asyncIterator](): AsyncIterator<Row<T>>;
    readonly database: Database;
    /** The table. */
    readonly name: string;

    where(conditions: Where<T>): Query<T>;
    where(sql: string, ...values: any[]): Query<T>;
    where(sqlAndValues: [string, ...any[]]): Query<T>;
    orderBy(column: T extends keyof Tables ? Extract<keyof Fields<T>, string> : string, direction?: 'asc' | 'desc'): Query<T>;
    limit(rows: number): Query<T>;
    offset(rows: number): Query<T>;
    paginate(page?: number, pageSize?: number, skip?: number): Query<T>;
    withoutPagination(): Query<T>;
    clone(): Query<T>;
    tap(fn: (this: Query<T>, query: Query<T>) => unknown): Query<T>;
    /** The rows of another table whose toKey is the fromKey of a row of this query. */
    join<N extends TableName>(fromKey: string, table: N | Query<N>, toKey: string): Query<N>;

    all(): Promise<Row<T>[]>;
    first(): Promise<Row<T> | undefined>;
    count(): Promise<number>;
    /** The statement that all() would run, and its values. */
    toSql(): Promise<[string, ...any[]]>;

    insert(fields?: Values<T>, options?: WriteOptions<T>): Promise<Row<T>>;
    insert(fields: Values<T>[], options?: WriteOptions<T>): Promise<Row<T>[]>;
    update(fields: Values<T>, options?: WriteOptions<T>): Promise<Query<T>>;
    delete(): Promise<Query<T>>;

    /** Makes the table when needed; a column that is there is left alone. */
    addColumn(name: string, type: ColumnType, options?: { index?: boolean; default?: any }): Promise<Query<T>>;
    removeColumn(name: string): Promise<Query<T>>;
    create(): Promise<Query<T>>;
    drop(): Promise<Query<T>>;
}

export interface DatabaseMembers {
    readonly context: Context;
    readonly workspace: Workspace;
    /** Awaits to the row of the workspace's tenant, or to undefined. */
    readonly tenant: DeferredRow<'tenants'>;
    /** The rows of all tenants. */
    readonly withoutTenantScope: Database;
    /** The rows of one tenant, unless this database is another one's. */
    inTenant(id: string): Database;
    /** A query on a table that need not be there yet. */
    table<N extends TableName | (string & {})>(name: N): Query<N>;
    table<N extends TableName | (string & {}), R>(name: N, fn: (this: Query<N>, query: Query<N>) => R): R;
    singleton(name: string): Deferred<any>;
    readonly info: Record<string, 'table' | 'singleton'>;
    isScoped(table: string): boolean;
    /** One statement of SQL; gives plain objects. */
    run(sql: string, ...values: any[]): Promise<any[]>;
    run(sqlAndValues: [string, ...any[]]): Promise<any[]>;
    /** Everything or nothing of what fn writes; gives what fn gives. */
    transaction<R>(fn: (this: Database, database: Database) => R): Promise<Awaited<R>>;
    /** As transaction(); one at a time over all processes. */
    lock<R>(fn: (this: Database, database: Database) => R): Promise<Awaited<R>>;
    /** Applies migrations; gives the names of those applied now. */
    migrate(): Promise<string[]>;
    drop(): Promise<void>;
    reset(): Promise<void>;
    getUnixTimestamp(): Promise<number>;
    ping(): Promise<true>;
}

export type Database = DatabaseMembers
    & { readonly [K in Exclude<TableName, keyof DatabaseMembers>]: Query<K> }
    & { readonly [K in Exclude<keyof Singletons, keyof DatabaseMembers>]: DeferredRow<Singletons[K]> };

/* ---- models and migrations ---- */

export interface RelationOptions {
    /** The table. */
    collectionName?: string;
    fromKey?: string;
    toKey?: string;
    /** Relations to walk: 'posts', or ['posts', 'comments']. */
    through?: string | string[];
    /** Deletes what belongs to a deleted row. Default for hasMany and hasOne: true. */
    cascadeDelete?: boolean;
}

export interface ValidationOptions<in out T = string> {
    message?: string;
    /** Only when this gives true. */
    when?(this: Row<T>, row: Row<T>): unknown;
}

/** `this` in a model's meta(). */
export interface ModelMeta<in out T = string> extends MetaVerbs<Row<T>> {
    readonly name: string;
    hasMany(name: string, options?: RelationOptions): this;
    hasOne(name: string, options?: RelationOptions): this;
    belongsTo(name: string, options?: RelationOptions): this;
    /** A key of where(): fn narrows the query that is `this`. */
    scope(name: string, fn: (this: Query<T>, value: any) => unknown): this;
    /** Besides other models: 'singleton', for a table that has one row. */
    include(...mixins: ('singleton' | (string & {}) | object)[]): this;

    mustNotBeBlank(column: string, options?: ValidationOptions<T>): this;
    mustMatchPattern(column: string, pattern: RegExp, options?: ValidationOptions<T>): this;
    mustBeAValidEmail(column: string, options?: ValidationOptions<T>): this;
    mustBeUnique(column: string, options?: ValidationOptions<T> & { collection?: string }): this;
    validateWith(hook: Hook<Row<T>>): this;

    beforeInsert(hook: Hook<Row<T>>): this;
    afterInsert(hook: Hook<Row<T>>): this;
    beforeUpdate(hook: Hook<Row<T>>): this;
    afterUpdate(hook: Hook<Row<T>>): this;
    beforeDelete(hook: Hook<Row<T>>): this;
    afterDelete(hook: Hook<Row<T>>): this;
    beforeValidation(hook: Hook<Row<T>>): this;
    validation(hook: Hook<Row<T>>): this;
    afterValidation(hook: Hook<Row<T>>): this;
    beforeInsertOrUpdate(hook: Hook<Row<T>>): this;
    afterInsertOrUpdate(hook: Hook<Row<T>>): this;
}

/** The default export of a file of lib/models, for a table: `Model<'users'>`. */
export type Model<T = string> = {
    meta?(this: ModelMeta<T>): void;
    [member: string]: any;
} & ThisType<Row<T>>;

/** The default export of a file of lib/migrations. The columns that it works on are those of its time. */
export type Migration = {
    migrate(this: { readonly database: MigrationDatabase; [member: string]: any }): unknown;
    [member: string]: any;
};
export type MigrationDatabase = Omit<DatabaseMembers, 'table'> & {
    table<R = Query>(name: string, fn?: (this: Query, query: Query) => R): R;
    readonly [table: string]: any;
};

/* ---- what is on globalThis, besides the language itself ---- */

declare global {
    const BackgroundJob: typeof import('./pinstripe').BackgroundJob;
    const Workspace: typeof import('./pinstripe').Workspace;

    interface Console {
        log(...values: any[]): void;
        info(...values: any[]): void;
        debug(...values: any[]): void;
        warn(...values: any[]): void;
        error(...values: any[]): void;
        trace(...values: any[]): void;
        assert(condition?: any, ...values: any[]): void;
        dir(value: any, options?: object): void;
        table(data: any, columns?: string[]): void;
        time(label?: string): void;
        timeLog(label?: string, ...values: any[]): void;
        timeEnd(label?: string): void;
        count(label?: string): void;
        countReset(label?: string): void;
        group(...values: any[]): void;
        groupCollapsed(...values: any[]): void;
        groupEnd(): void;
    }
    var console: Console;

    function setTimeout<A extends any[]>(fn: (...args: A) => void, ms?: number, ...args: A): number;
    function setInterval<A extends any[]>(fn: (...args: A) => void, ms?: number, ...args: A): number;
    function clearTimeout(timer?: number): void;
    function clearInterval(timer?: number): void;
    function queueMicrotask(fn: () => void): void;
    function structuredClone<T>(value: T, options?: { transfer?: ArrayBuffer[] }): T;
    function atob(text: string): string;
    function btoa(text: string): string;

    interface URL {
        hash: string; host: string; hostname: string; href: string; password: string; pathname: string; port: string;
        protocol: string; search: string; username: string;
        readonly origin: string;
        readonly searchParams: URLSearchParams;
        toString(): string;
        toJSON(): string;
    }
    var URL: {
        new (url: string | URL, base?: string | URL): URL;
        canParse(url: string | URL, base?: string | URL): boolean;
        parse(url: string | URL, base?: string | URL): URL | null;
    };

    interface URLSearchParams extends Iterable<[string, string]> {
        readonly size: number;
        append(name: string, value: string): void;
        delete(name: string, value?: string): void;
        get(name: string): string | null;
        getAll(name: string): string[];
        has(name: string, value?: string): boolean;
        set(name: string, value: string): void;
        sort(): void;
        forEach(fn: (value: string, name: string, parent: URLSearchParams) => void): void;
        entries(): IterableIterator<[string, string]>;
        keys(): IterableIterator<string>;
        values(): IterableIterator<string>;
        toString(): string;
    }
    var URLSearchParams: { new (init?: string | Iterable<[string, string]> | Record<string, string> | URLSearchParams): URLSearchParams };

    interface TextEncoder {
        readonly encoding: 'utf-8';
        encode(text?: string): Uint8Array;
        encodeInto(text: string, into: Uint8Array): { read: number; written: number };
    }
    var TextEncoder: { new (): TextEncoder };

    interface TextDecoder {
        readonly encoding: string;
        readonly fatal: boolean;
        readonly ignoreBOM: boolean;
        decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
    }
    var TextDecoder: { new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder };

    var crypto: {
        getRandomValues<T extends ArrayBufferView>(array: T): T;
        randomUUID(): string;
    };
    var performance: {
        now(): number;
        readonly timeOrigin: number;
    };

    interface DOMException extends Error { readonly code: number }
    var DOMException: { new (message?: string, name?: string): DOMException };

    interface Event {
        readonly type: string;
        readonly target: EventTarget | null;
        readonly currentTarget: EventTarget | null;
        readonly bubbles: boolean;
        readonly cancelable: boolean;
        readonly defaultPrevented: boolean;
        readonly timeStamp: number;
        preventDefault(): void;
        stopPropagation(): void;
        stopImmediatePropagation(): void;
    }
    interface EventOptions { bubbles?: boolean; cancelable?: boolean; composed?: boolean }
    var Event: { new (type: string, options?: EventOptions): Event };
    interface CustomEvent<T = any> extends Event { readonly detail: T }
    var CustomEvent: { new <T>(type: string, options?: EventOptions & { detail?: T }): CustomEvent<T> };

    type Listener = ((event: any) => void) | { handleEvent(event: any): void };
    interface EventTarget {
        addEventListener(type: string, listener: Listener | null, options?: boolean | { capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal }): void;
        removeEventListener(type: string, listener: Listener | null, options?: boolean | { capture?: boolean }): void;
        dispatchEvent(event: Event): boolean;
    }
    var EventTarget: { new (): EventTarget };

    interface AbortSignal extends EventTarget {
        readonly aborted: boolean;
        readonly reason: any;
        onabort: ((event: Event) => void) | null;
        throwIfAborted(): void;
    }
    var AbortSignal: {
        abort(reason?: any): AbortSignal;
        timeout(ms: number): AbortSignal;
        any(signals: Iterable<AbortSignal>): AbortSignal;
    };
    interface AbortController {
        readonly signal: AbortSignal;
        abort(reason?: any): void;
    }
    var AbortController: { new (): AbortController };

    interface ErrorConstructor {
        captureStackTrace(object: object): void;
    }
}
