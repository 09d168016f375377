// For a test that still imports it from here.

export { Double, Long } from 'bson'
