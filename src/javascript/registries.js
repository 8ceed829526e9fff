/* registries.js - the four registries of a project, filled when it is loaded.
 *
 * Each entry is { name, file, definition, Class, broken }. The class of a job derives from
 * BackgroundJob, that of a service from Service, that of a model from the Model that
 * 'pinstripe:database' exports; migrations have no classes.
 */
import { late } from 'pinstripe:late';
import { Registry } from 'pinstripe:registry';

export const jobs = new Registry('lib/background_jobs', name => late.inflector.dasherize(name));
export const services = new Registry('lib/services', name => late.inflector.camelize(name));
export const models = new Registry('lib/models', name => late.inflector.camelize(name));
export const migrations = new Registry('lib/migrations', name => name);
