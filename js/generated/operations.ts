// Generated from openapi.json; not to be edited.

import type {
  BunConnectionsCreateAnswer,
  BunConnectionsCreateInput,
  BunConnectionsDeleteAnswer,
  BunConnectionsDeleteInput,
  BunConnectionsListAnswer,
  BunConnectionsListInput,
  BunConnectionsTestAnswer,
  BunConnectionsTestInput,
  BunConnectionsUpdateAnswer,
  BunConnectionsUpdateInput,
  HttpHealthAnswer,
  HttpHealthInput,
  HttpInfoAnswer,
  HttpInfoInput,
  HttpRequestAnswer,
  HttpRequestInput,
  MongodbAggregateAnswer,
  MongodbAggregateDatabaseAnswer,
  MongodbAggregateDatabaseInput,
  MongodbAggregateDatabaseRecord,
  MongodbAggregateInput,
  MongodbAggregatePreviewAnswer,
  MongodbAggregatePreviewInput,
  MongodbAggregateRecord,
  MongodbCollectionsChangeAnswer,
  MongodbCollectionsChangeInput,
  MongodbCollectionsCreateAnswer,
  MongodbCollectionsCreateInput,
  MongodbCollectionsDropAnswer,
  MongodbCollectionsDropInput,
  MongodbCollectionsListAnswer,
  MongodbCollectionsListByQueryAnswer,
  MongodbCollectionsListByQueryInput,
  MongodbCollectionsListInput,
  MongodbCollectionsValidateAnswer,
  MongodbCollectionsValidateInput,
  MongodbConnectionsCreateAnswer,
  MongodbConnectionsCreateInput,
  MongodbConnectionsDeleteAnswer,
  MongodbConnectionsDeleteInput,
  MongodbConnectionsListAnswer,
  MongodbConnectionsListInput,
  MongodbConnectionsTestAnswer,
  MongodbConnectionsTestInput,
  MongodbConnectionsUpdateAnswer,
  MongodbConnectionsUpdateInput,
  MongodbCountAnswer,
  MongodbCountInput,
  MongodbDatabasesCreateAnswer,
  MongodbDatabasesCreateInput,
  MongodbDatabasesDropAnswer,
  MongodbDatabasesDropInput,
  MongodbDatabasesListAnswer,
  MongodbDatabasesListInput,
  MongodbDatabasesStatsAnswer,
  MongodbDatabasesStatsByQueryAnswer,
  MongodbDatabasesStatsByQueryInput,
  MongodbDatabasesStatsInput,
  MongodbDistinctAnswer,
  MongodbDistinctInput,
  MongodbDocumentsBulkAnswer,
  MongodbDocumentsBulkInput,
  MongodbDocumentsDeleteAnswer,
  MongodbDocumentsDeleteInput,
  MongodbDocumentsExportInput,
  MongodbDocumentsExportRecord,
  MongodbDocumentsFindAnswer,
  MongodbDocumentsFindByQueryAnswer,
  MongodbDocumentsFindByQueryInput,
  MongodbDocumentsFindInput,
  MongodbDocumentsGetAnswer,
  MongodbDocumentsGetInput,
  MongodbDocumentsImportInput,
  MongodbDocumentsImportRecord,
  MongodbDocumentsInsertAnswer,
  MongodbDocumentsInsertInput,
  MongodbDocumentsUpdateAnswer,
  MongodbDocumentsUpdateInput,
  MongodbExplainAnswer,
  MongodbExplainInput,
  MongodbIndexesCreateAnswer,
  MongodbIndexesCreateInput,
  MongodbIndexesCreateRecord,
  MongodbIndexesDropAnswer,
  MongodbIndexesDropInput,
  MongodbIndexesListAnswer,
  MongodbIndexesListInput,
  MongodbIndexesStatsAnswer,
  MongodbIndexesStatsInput,
  MongodbOperationsKillAnswer,
  MongodbOperationsKillInput,
  MongodbOperationsListAnswer,
  MongodbOperationsListInput,
  MongodbProfileAnswer,
  MongodbProfileInput,
  MongodbSchemaAnswer,
  MongodbSchemaInput,
  MongodbSchemaRecord,
  MongodbServerAnswer,
  MongodbServerInput,
  MongodbWatchClusterInput,
  MongodbWatchClusterMessage,
  MongodbWatchClusterRequest,
  MongodbWatchDatabaseInput,
  MongodbWatchDatabaseMessage,
  MongodbWatchDatabaseRequest,
  MongodbWatchInput,
  MongodbWatchMessage,
  MongodbWatchRequest,
  PostgresConnectionsCreateAnswer,
  PostgresConnectionsCreateInput,
  PostgresConnectionsDeleteAnswer,
  PostgresConnectionsDeleteInput,
  PostgresConnectionsListAnswer,
  PostgresConnectionsListInput,
  PostgresConnectionsTestAnswer,
  PostgresConnectionsTestInput,
  PostgresConnectionsUpdateAnswer,
  PostgresConnectionsUpdateInput,
  PostgresQueryAnswer,
  PostgresQueryInput,
  PostgresTablesListAnswer,
  PostgresTablesListInput,
  RedisBatchAnswer,
  RedisBatchInput,
  RedisBulkInput,
  RedisBulkRecord,
  RedisClientsAnswer,
  RedisClientsInput,
  RedisCommandAnswer,
  RedisCommandInput,
  RedisConfigAnswer,
  RedisConfigInput,
  RedisConnectionsCreateAnswer,
  RedisConnectionsCreateInput,
  RedisConnectionsDeleteAnswer,
  RedisConnectionsDeleteInput,
  RedisConnectionsListAnswer,
  RedisConnectionsListInput,
  RedisConnectionsTestAnswer,
  RedisConnectionsTestInput,
  RedisConnectionsUpdateAnswer,
  RedisConnectionsUpdateInput,
  RedisDatabasesAnswer,
  RedisDatabasesInput,
  RedisExportInput,
  RedisExportKeysInput,
  RedisExportKeysRecord,
  RedisExportRecord,
  RedisGetAnswer,
  RedisGetInput,
  RedisImportInput,
  RedisImportRecord,
  RedisInfoAnswer,
  RedisInfoInput,
  RedisKeysConsumersAnswer,
  RedisKeysConsumersInput,
  RedisKeysCopyAnswer,
  RedisKeysCopyInput,
  RedisKeysDeleteAnswer,
  RedisKeysDeleteInput,
  RedisKeysDownloadInput,
  RedisKeysEditAnswer,
  RedisKeysEditInput,
  RedisKeysExpireAnswer,
  RedisKeysExpireInput,
  RedisKeysGetAnswer,
  RedisKeysGetInput,
  RedisKeysGroupsAnswer,
  RedisKeysGroupsInput,
  RedisKeysListAnswer,
  RedisKeysListInput,
  RedisKeysPendingAnswer,
  RedisKeysPendingInput,
  RedisKeysRenameAnswer,
  RedisKeysRenameInput,
  RedisKeysSetAnswer,
  RedisKeysSetInput,
  RedisMemoryAnswer,
  RedisMemoryInput,
  RedisMemoryRecord,
  RedisPubsubChannelsAnswer,
  RedisPubsubChannelsInput,
  RedisPubsubPublishAnswer,
  RedisPubsubPublishInput,
  RedisPubsubSubscribeInput,
  RedisPubsubSubscribeMessage,
  RedisPubsubSubscribeRequest,
  RedisSetAnswer,
  RedisSetInput,
  RedisSlowlogAnswer,
  RedisSlowlogInput,
  RedisStatsAnswer,
  RedisStatsInput,
  RedisStatsRecord,
  RedisTreeAnswer,
  RedisTreeInput,
  RedisTreeRecord,
  RegistryDatabasesCreateAnswer,
  RegistryDatabasesCreateInput,
  RegistryDatabasesDeleteAnswer,
  RegistryDatabasesDeleteInput,
  RegistryDatabasesGetAnswer,
  RegistryDatabasesGetInput,
  RegistryDatabasesHealthAnswer,
  RegistryDatabasesHealthInput,
  RegistryDatabasesListAnswer,
  RegistryDatabasesListInput,
  RegistryDatabasesStatsAnswer,
  RegistryDatabasesStatsInput,
  RegistryDatabasesTestAnswer,
  RegistryDatabasesTestInput,
  RegistryDatabasesTestUnsavedAnswer,
  RegistryDatabasesTestUnsavedInput,
  RegistryDatabasesUpdateAnswer,
  RegistryDatabasesUpdateInput,
  ServiceHealthAnswer,
  ServiceHealthInput,
  ServiceJobsStopAnswer,
  ServiceJobsStopInput,
  ServiceMetricsInput,
  ServiceOpenapiAnswer,
  ServiceOpenapiInput,
  ServicePoolsAnswer,
  ServicePoolsInput,
} from './schemas'

/** Every operation, by its name. */
export interface Operations {
  'registry.databases.list': { input: RegistryDatabasesListInput; answer: RegistryDatabasesListAnswer }
  'registry.databases.create': { input: RegistryDatabasesCreateInput; answer: RegistryDatabasesCreateAnswer }
  'registry.databases.stats': { input: RegistryDatabasesStatsInput; answer: RegistryDatabasesStatsAnswer }
  'registry.databases.health': { input: RegistryDatabasesHealthInput; answer: RegistryDatabasesHealthAnswer }
  'registry.databases.test_unsaved': { input: RegistryDatabasesTestUnsavedInput; answer: RegistryDatabasesTestUnsavedAnswer }
  'registry.databases.get': { input: RegistryDatabasesGetInput; answer: RegistryDatabasesGetAnswer }
  'registry.databases.update': { input: RegistryDatabasesUpdateInput; answer: RegistryDatabasesUpdateAnswer }
  'registry.databases.delete': { input: RegistryDatabasesDeleteInput; answer: RegistryDatabasesDeleteAnswer }
  'registry.databases.test': { input: RegistryDatabasesTestInput; answer: RegistryDatabasesTestAnswer }
  'redis.connections.list': { input: RedisConnectionsListInput; answer: RedisConnectionsListAnswer }
  'redis.connections.create': { input: RedisConnectionsCreateInput; answer: RedisConnectionsCreateAnswer }
  'redis.connections.update': { input: RedisConnectionsUpdateInput; answer: RedisConnectionsUpdateAnswer }
  'redis.connections.delete': { input: RedisConnectionsDeleteInput; answer: RedisConnectionsDeleteAnswer }
  'redis.connections.test': { input: RedisConnectionsTestInput; answer: RedisConnectionsTestAnswer }
  'mongodb.connections.list': { input: MongodbConnectionsListInput; answer: MongodbConnectionsListAnswer }
  'mongodb.connections.create': { input: MongodbConnectionsCreateInput; answer: MongodbConnectionsCreateAnswer }
  'mongodb.connections.update': { input: MongodbConnectionsUpdateInput; answer: MongodbConnectionsUpdateAnswer }
  'mongodb.connections.delete': { input: MongodbConnectionsDeleteInput; answer: MongodbConnectionsDeleteAnswer }
  'mongodb.connections.test': { input: MongodbConnectionsTestInput; answer: MongodbConnectionsTestAnswer }
  'postgres.connections.list': { input: PostgresConnectionsListInput; answer: PostgresConnectionsListAnswer }
  'postgres.connections.create': { input: PostgresConnectionsCreateInput; answer: PostgresConnectionsCreateAnswer }
  'postgres.connections.update': { input: PostgresConnectionsUpdateInput; answer: PostgresConnectionsUpdateAnswer }
  'postgres.connections.delete': { input: PostgresConnectionsDeleteInput; answer: PostgresConnectionsDeleteAnswer }
  'postgres.connections.test': { input: PostgresConnectionsTestInput; answer: PostgresConnectionsTestAnswer }
  'bun.connections.list': { input: BunConnectionsListInput; answer: BunConnectionsListAnswer }
  'bun.connections.create': { input: BunConnectionsCreateInput; answer: BunConnectionsCreateAnswer }
  'bun.connections.update': { input: BunConnectionsUpdateInput; answer: BunConnectionsUpdateAnswer }
  'bun.connections.delete': { input: BunConnectionsDeleteInput; answer: BunConnectionsDeleteAnswer }
  'bun.connections.test': { input: BunConnectionsTestInput; answer: BunConnectionsTestAnswer }
  'redis.get': { input: RedisGetInput; answer: RedisGetAnswer }
  'redis.set': { input: RedisSetInput; answer: RedisSetAnswer }
  'redis.batch': { input: RedisBatchInput; answer: RedisBatchAnswer }
  'redis.command': { input: RedisCommandInput; answer: RedisCommandAnswer }
  'redis.pubsub.channels': { input: RedisPubsubChannelsInput; answer: RedisPubsubChannelsAnswer }
  'redis.pubsub.publish': { input: RedisPubsubPublishInput; answer: RedisPubsubPublishAnswer }
  'redis.pubsub.subscribe': { input: RedisPubsubSubscribeInput; message: RedisPubsubSubscribeMessage; request: RedisPubsubSubscribeRequest }
  'redis.bulk': { input: RedisBulkInput; record: RedisBulkRecord }
  'redis.export': { input: RedisExportInput; record: RedisExportRecord }
  'redis.export.keys': { input: RedisExportKeysInput; record: RedisExportKeysRecord }
  'redis.import': { input: RedisImportInput; record: RedisImportRecord }
  'mongodb.databases.list': { input: MongodbDatabasesListInput; answer: MongodbDatabasesListAnswer }
  'mongodb.databases.create': { input: MongodbDatabasesCreateInput; answer: MongodbDatabasesCreateAnswer }
  'mongodb.databases.drop': { input: MongodbDatabasesDropInput; answer: MongodbDatabasesDropAnswer }
  'mongodb.databases.stats': { input: MongodbDatabasesStatsInput; answer: MongodbDatabasesStatsAnswer }
  'mongodb.collections.list': { input: MongodbCollectionsListInput; answer: MongodbCollectionsListAnswer }
  'mongodb.collections.create': { input: MongodbCollectionsCreateInput; answer: MongodbCollectionsCreateAnswer }
  'mongodb.collections.drop': { input: MongodbCollectionsDropInput; answer: MongodbCollectionsDropAnswer }
  'mongodb.collections.change': { input: MongodbCollectionsChangeInput; answer: MongodbCollectionsChangeAnswer }
  'mongodb.collections.validate': { input: MongodbCollectionsValidateInput; answer: MongodbCollectionsValidateAnswer }
  'mongodb.indexes.list': { input: MongodbIndexesListInput; answer: MongodbIndexesListAnswer }
  'mongodb.indexes.create': { input: MongodbIndexesCreateInput; answer: MongodbIndexesCreateAnswer; record: MongodbIndexesCreateRecord }
  'mongodb.indexes.stats': { input: MongodbIndexesStatsInput; answer: MongodbIndexesStatsAnswer }
  'mongodb.indexes.drop': { input: MongodbIndexesDropInput; answer: MongodbIndexesDropAnswer }
  'mongodb.server': { input: MongodbServerInput; answer: MongodbServerAnswer }
  'mongodb.operations.list': { input: MongodbOperationsListInput; answer: MongodbOperationsListAnswer }
  'mongodb.operations.kill': { input: MongodbOperationsKillInput; answer: MongodbOperationsKillAnswer }
  'mongodb.profile': { input: MongodbProfileInput; answer: MongodbProfileAnswer }
  'redis.keys.list': { input: RedisKeysListInput; answer: RedisKeysListAnswer }
  'redis.tree': { input: RedisTreeInput; answer: RedisTreeAnswer; record: RedisTreeRecord }
  'redis.keys.get': { input: RedisKeysGetInput; answer: RedisKeysGetAnswer }
  'redis.keys.set': { input: RedisKeysSetInput; answer: RedisKeysSetAnswer }
  'redis.keys.edit': { input: RedisKeysEditInput; answer: RedisKeysEditAnswer }
  'redis.keys.delete': { input: RedisKeysDeleteInput; answer: RedisKeysDeleteAnswer }
  'redis.keys.download': { input: RedisKeysDownloadInput }
  'redis.keys.groups': { input: RedisKeysGroupsInput; answer: RedisKeysGroupsAnswer }
  'redis.keys.consumers': { input: RedisKeysConsumersInput; answer: RedisKeysConsumersAnswer }
  'redis.keys.pending': { input: RedisKeysPendingInput; answer: RedisKeysPendingAnswer }
  'redis.keys.expire': { input: RedisKeysExpireInput; answer: RedisKeysExpireAnswer }
  'redis.keys.rename': { input: RedisKeysRenameInput; answer: RedisKeysRenameAnswer }
  'redis.keys.copy': { input: RedisKeysCopyInput; answer: RedisKeysCopyAnswer }
  'redis.info': { input: RedisInfoInput; answer: RedisInfoAnswer }
  'redis.stats': { input: RedisStatsInput; answer: RedisStatsAnswer; record: RedisStatsRecord }
  'redis.databases': { input: RedisDatabasesInput; answer: RedisDatabasesAnswer }
  'redis.memory': { input: RedisMemoryInput; answer: RedisMemoryAnswer; record: RedisMemoryRecord }
  'redis.slowlog': { input: RedisSlowlogInput; answer: RedisSlowlogAnswer }
  'redis.clients': { input: RedisClientsInput; answer: RedisClientsAnswer }
  'redis.config': { input: RedisConfigInput; answer: RedisConfigAnswer }
  'mongodb.documents.find': { input: MongodbDocumentsFindInput; answer: MongodbDocumentsFindAnswer }
  'mongodb.documents.insert': { input: MongodbDocumentsInsertInput; answer: MongodbDocumentsInsertAnswer }
  'mongodb.documents.get': { input: MongodbDocumentsGetInput; answer: MongodbDocumentsGetAnswer }
  'mongodb.documents.update': { input: MongodbDocumentsUpdateInput; answer: MongodbDocumentsUpdateAnswer }
  'mongodb.documents.delete': { input: MongodbDocumentsDeleteInput; answer: MongodbDocumentsDeleteAnswer }
  'mongodb.documents.bulk': { input: MongodbDocumentsBulkInput; answer: MongodbDocumentsBulkAnswer }
  'mongodb.collections.list_by_query': { input: MongodbCollectionsListByQueryInput; answer: MongodbCollectionsListByQueryAnswer }
  'mongodb.documents.find_by_query': { input: MongodbDocumentsFindByQueryInput; answer: MongodbDocumentsFindByQueryAnswer }
  'mongodb.databases.stats_by_query': { input: MongodbDatabasesStatsByQueryInput; answer: MongodbDatabasesStatsByQueryAnswer }
  'mongodb.aggregate': { input: MongodbAggregateInput; answer: MongodbAggregateAnswer; record: MongodbAggregateRecord }
  'mongodb.aggregate.preview': { input: MongodbAggregatePreviewInput; answer: MongodbAggregatePreviewAnswer }
  'mongodb.aggregate.database': { input: MongodbAggregateDatabaseInput; answer: MongodbAggregateDatabaseAnswer; record: MongodbAggregateDatabaseRecord }
  'mongodb.count': { input: MongodbCountInput; answer: MongodbCountAnswer }
  'mongodb.distinct': { input: MongodbDistinctInput; answer: MongodbDistinctAnswer }
  'mongodb.schema': { input: MongodbSchemaInput; answer: MongodbSchemaAnswer; record: MongodbSchemaRecord }
  'mongodb.explain': { input: MongodbExplainInput; answer: MongodbExplainAnswer }
  'mongodb.watch': { input: MongodbWatchInput; message: MongodbWatchMessage; request: MongodbWatchRequest }
  'mongodb.watch.database': { input: MongodbWatchDatabaseInput; message: MongodbWatchDatabaseMessage; request: MongodbWatchDatabaseRequest }
  'mongodb.watch.cluster': { input: MongodbWatchClusterInput; message: MongodbWatchClusterMessage; request: MongodbWatchClusterRequest }
  'mongodb.documents.export': { input: MongodbDocumentsExportInput; record: MongodbDocumentsExportRecord }
  'mongodb.documents.import': { input: MongodbDocumentsImportInput; record: MongodbDocumentsImportRecord }
  'postgres.query': { input: PostgresQueryInput; answer: PostgresQueryAnswer }
  'postgres.tables.list': { input: PostgresTablesListInput; answer: PostgresTablesListAnswer }
  'http.health': { input: HttpHealthInput; answer: HttpHealthAnswer }
  'http.info': { input: HttpInfoInput; answer: HttpInfoAnswer }
  'http.request': { input: HttpRequestInput; answer: HttpRequestAnswer }
  'service.health': { input: ServiceHealthInput; answer: ServiceHealthAnswer }
  'service.pools': { input: ServicePoolsInput; answer: ServicePoolsAnswer }
  'service.jobs.stop': { input: ServiceJobsStopInput; answer: ServiceJobsStopAnswer }
  'service.metrics': { input: ServiceMetricsInput }
  'service.openapi': { input: ServiceOpenapiInput; answer: ServiceOpenapiAnswer }
}

/** What stands below `/api/platform`. */
export const ROOTS = ['bun', 'databases', 'mongodb', 'multidb', 'postgres', 'redis']
