/* registries.js - the five registries of a project, filled when it is loaded.
 *
 * Each entry is { name, file, definition, Class, broken }. The class of a job derives from
 * BackgroundJob, that of a service from Service, that of a view from View, that of a model from the
 * Model that 'pinstripe:database' exports; migrations have no classes.
 */
import { Registry } from 'pinstripe:registry';

export const jobs = new Registry();
export const services = new Registry();
export const models = new Registry();
export const migrations = new Registry();
export const views = new Registry();
