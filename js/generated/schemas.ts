// Generated from openapi.json; not to be edited.

/** Which connections to list. */
export type RegistryDatabasesListInput = {
    /** Of the project with this `ref` only. */
    project_ref?: string | null;
    /** Of this type only. */
    database_type?: DatabaseType | null;
    /** In this state only. */
    status?: ConnectionStatus | null;
    /**
     * At most this many, 1 to 1000; 100 when not given.
     */
    limit?: number | null;
    /** The `cursor` that the page before answered with. */
    cursor?: string | null;
};
export type RegistryDatabasesListAnswer = ConnectionPage;
/** A connection that is to be registered. */
export type RegistryDatabasesCreateInput = {
    /** The project's `ref` or id; in a path below a project it is not needed. */
    project_ref?: string | null;
    /** Its type; in a path of one type it is not needed. */
    database_type?: DatabaseType | null;
    /** Its name, unique in the project: lower-case letters, digits and hyphens. */
    identifier: string;
    /** What people should know about it. */
    description?: string | null;
    /**
     * Take the place of the project's primary of this type.
     * @default false
     */
    is_primary?: boolean;
    /**
     * Save it without trying it, as INACTIVE.
     * @default false
     */
    skip_test?: boolean;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
};
export type RegistryDatabasesCreateAnswer = Connection;
/** Which connections to count. */
export type RegistryDatabasesStatsInput = {
    /** Of the project with this `ref` only. */
    project_ref?: string | null;
};
export type RegistryDatabasesStatsAnswer = ConnectionStats;
/** Which connections, and whether to try them. */
export type RegistryDatabasesHealthInput = {
    /** Of the project with this `ref` only. */
    project_ref?: string | null;
    /** Of this type only. */
    database_type?: DatabaseType | null;
    /**
     * At most this many, 1 to 1000; 100 when not given.
     */
    limit?: number | null;
    /** The `cursor` that the page before answered with. */
    cursor?: string | null;
    /**
     * Try each connection now, and note the result.
     * @default false
     */
    probe?: boolean;
};
export type RegistryDatabasesHealthAnswer = ConnectionsHealth;
/** A target that is tried without being saved. */
export type RegistryDatabasesTestUnsavedInput = {
    /** The project it is meant for: its `ref` or id. */
    project_ref?: string | null;
    /** Its type. Not needed with `connection_id`. */
    database_type?: DatabaseType | null;
    /** A saved connection that the rest of the input changes, before the change is saved. */
    connection_id?: string | null;
    /** What it will be called. A test has no use for these three, but a form that is tried before it is saved has them. */
    identifier?: string | null;
    /** What people should know about it. */
    description?: string | null;
    /**
     * Whether it will be the primary.
     * @default false
     */
    is_primary?: boolean;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
};
export type RegistryDatabasesTestUnsavedAnswer = TestResult;
/** The input of an operation that asks for nothing but what its path says. */
export type RegistryDatabasesGetInput = {
    /** Id of the connection. */
    id: string;
};
export type RegistryDatabasesGetAnswer = Connection;
/** What is to be different about a connection. Members that are not given stay as they are. */
export type RegistryDatabasesUpdateInput = {
    /** Another name. */
    identifier?: string | null;
    /** Another description; an empty one removes it. */
    description?: string | null;
    /** Become the primary of its project and type, or stop being it. */
    is_primary?: boolean | null;
    /** Another state. */
    status?: ConnectionStatus | null;
    /** The type can't change; where it is given, it must be what it is. */
    database_type?: DatabaseType | null;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
    /** Id of the connection. */
    id: string;
};
export type RegistryDatabasesUpdateAnswer = Connection;
/** The input of an operation that asks for nothing but what its path says. */
export type RegistryDatabasesDeleteInput = {
    /** Id of the connection. */
    id: string;
};
export type RegistryDatabasesDeleteAnswer = RemovedConnection;
/** The input of an operation that asks for nothing but what its path says. */
export type RegistryDatabasesTestInput = {
    /** Id of the connection. */
    id: string;
};
export type RegistryDatabasesTestAnswer = TestResult;
/** Which part of the list. */
export type RedisConnectionsListInput = {
    /**
     * At most this many, 1 to 1000; 100 when not given.
     */
    limit?: number | null;
    /** The `cursor` that the page before answered with. */
    cursor?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
};
export type RedisConnectionsListAnswer = ProjectConnections;
/** A connection that is to be registered. */
export type RedisConnectionsCreateInput = {
    /** The project's `ref` or id; in a path below a project it is not needed. */
    project_ref?: string | null;
    /** Its type; in a path of one type it is not needed. */
    database_type?: DatabaseType | null;
    /** Its name, unique in the project: lower-case letters, digits and hyphens. */
    identifier: string;
    /** What people should know about it. */
    description?: string | null;
    /**
     * Take the place of the project's primary of this type.
     * @default false
     */
    is_primary?: boolean;
    /**
     * Save it without trying it, as INACTIVE.
     * @default false
     */
    skip_test?: boolean;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
};
export type RedisConnectionsCreateAnswer = Connection;
/** What is to be different about a connection. Members that are not given stay as they are. */
export type RedisConnectionsUpdateInput = {
    /** Another name. */
    identifier?: string | null;
    /** Another description; an empty one removes it. */
    description?: string | null;
    /** Become the primary of its project and type, or stop being it. */
    is_primary?: boolean | null;
    /** Another state. */
    status?: ConnectionStatus | null;
    /** The type can't change; where it is given, it must be what it is. */
    database_type?: DatabaseType | null;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type RedisConnectionsUpdateAnswer = Connection;
/** The input of an operation that asks for nothing but what its path says. */
export type RedisConnectionsDeleteInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type RedisConnectionsDeleteAnswer = RemovedConnection;
/** The input of an operation that asks for nothing but what its path says. */
export type RedisConnectionsTestInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type RedisConnectionsTestAnswer = TestResult;
/** Which part of the list. */
export type MongodbConnectionsListInput = {
    /**
     * At most this many, 1 to 1000; 100 when not given.
     */
    limit?: number | null;
    /** The `cursor` that the page before answered with. */
    cursor?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
};
export type MongodbConnectionsListAnswer = ProjectConnections;
/** A connection that is to be registered. */
export type MongodbConnectionsCreateInput = {
    /** The project's `ref` or id; in a path below a project it is not needed. */
    project_ref?: string | null;
    /** Its type; in a path of one type it is not needed. */
    database_type?: DatabaseType | null;
    /** Its name, unique in the project: lower-case letters, digits and hyphens. */
    identifier: string;
    /** What people should know about it. */
    description?: string | null;
    /**
     * Take the place of the project's primary of this type.
     * @default false
     */
    is_primary?: boolean;
    /**
     * Save it without trying it, as INACTIVE.
     * @default false
     */
    skip_test?: boolean;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
};
export type MongodbConnectionsCreateAnswer = Connection;
/** What is to be different about a connection. Members that are not given stay as they are. */
export type MongodbConnectionsUpdateInput = {
    /** Another name. */
    identifier?: string | null;
    /** Another description; an empty one removes it. */
    description?: string | null;
    /** Become the primary of its project and type, or stop being it. */
    is_primary?: boolean | null;
    /** Another state. */
    status?: ConnectionStatus | null;
    /** The type can't change; where it is given, it must be what it is. */
    database_type?: DatabaseType | null;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type MongodbConnectionsUpdateAnswer = Connection;
/** The input of an operation that asks for nothing but what its path says. */
export type MongodbConnectionsDeleteInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type MongodbConnectionsDeleteAnswer = RemovedConnection;
/** The input of an operation that asks for nothing but what its path says. */
export type MongodbConnectionsTestInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type MongodbConnectionsTestAnswer = TestResult;
/** Which part of the list. */
export type PostgresConnectionsListInput = {
    /**
     * At most this many, 1 to 1000; 100 when not given.
     */
    limit?: number | null;
    /** The `cursor` that the page before answered with. */
    cursor?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
};
export type PostgresConnectionsListAnswer = ProjectConnections;
/** A connection that is to be registered. */
export type PostgresConnectionsCreateInput = {
    /** The project's `ref` or id; in a path below a project it is not needed. */
    project_ref?: string | null;
    /** Its type; in a path of one type it is not needed. */
    database_type?: DatabaseType | null;
    /** Its name, unique in the project: lower-case letters, digits and hyphens. */
    identifier: string;
    /** What people should know about it. */
    description?: string | null;
    /**
     * Take the place of the project's primary of this type.
     * @default false
     */
    is_primary?: boolean;
    /**
     * Save it without trying it, as INACTIVE.
     * @default false
     */
    skip_test?: boolean;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
};
export type PostgresConnectionsCreateAnswer = Connection;
/** What is to be different about a connection. Members that are not given stay as they are. */
export type PostgresConnectionsUpdateInput = {
    /** Another name. */
    identifier?: string | null;
    /** Another description; an empty one removes it. */
    description?: string | null;
    /** Become the primary of its project and type, or stop being it. */
    is_primary?: boolean | null;
    /** Another state. */
    status?: ConnectionStatus | null;
    /** The type can't change; where it is given, it must be what it is. */
    database_type?: DatabaseType | null;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type PostgresConnectionsUpdateAnswer = Connection;
/** The input of an operation that asks for nothing but what its path says. */
export type PostgresConnectionsDeleteInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type PostgresConnectionsDeleteAnswer = RemovedConnection;
/** The input of an operation that asks for nothing but what its path says. */
export type PostgresConnectionsTestInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type PostgresConnectionsTestAnswer = TestResult;
/** Which part of the list. */
export type BunConnectionsListInput = {
    /**
     * At most this many, 1 to 1000; 100 when not given.
     */
    limit?: number | null;
    /** The `cursor` that the page before answered with. */
    cursor?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
};
export type BunConnectionsListAnswer = ProjectConnections;
/** A connection that is to be registered. */
export type BunConnectionsCreateInput = {
    /** The project's `ref` or id; in a path below a project it is not needed. */
    project_ref?: string | null;
    /** Its type; in a path of one type it is not needed. */
    database_type?: DatabaseType | null;
    /** Its name, unique in the project: lower-case letters, digits and hyphens. */
    identifier: string;
    /** What people should know about it. */
    description?: string | null;
    /**
     * Take the place of the project's primary of this type.
     * @default false
     */
    is_primary?: boolean;
    /**
     * Save it without trying it, as INACTIVE.
     * @default false
     */
    skip_test?: boolean;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
};
export type BunConnectionsCreateAnswer = Connection;
/** What is to be different about a connection. Members that are not given stay as they are. */
export type BunConnectionsUpdateInput = {
    /** Another name. */
    identifier?: string | null;
    /** Another description; an empty one removes it. */
    description?: string | null;
    /** Become the primary of its project and type, or stop being it. */
    is_primary?: boolean | null;
    /** Another state. */
    status?: ConnectionStatus | null;
    /** The type can't change; where it is given, it must be what it is. */
    database_type?: DatabaseType | null;
    /** `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
    connection_string?: string | null;
    /**
     * Host name or address.
     * @default null
     */
    host?: string | null;
    /**
     * TCP port.
     * @default null
     */
    port?: number | null;
    /**
     * Database to use; the number of one for Redis.
     * @default null
     */
    database_name?: string | null;
    /**
     * User or role.
     * @default null
     */
    username?: string | null;
    /** Password; the API key of a Bun API. */
    password?: string | null;
    /**
     * Options by name; only those on the list of the database type are accepted.
     * @default null
     */
    options?: {
        [key: string]: unknown;
    } | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type BunConnectionsUpdateAnswer = Connection;
/** The input of an operation that asks for nothing but what its path says. */
export type BunConnectionsDeleteInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type BunConnectionsDeleteAnswer = RemovedConnection;
/** The input of an operation that asks for nothing but what its path says. */
export type BunConnectionsTestInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection. */
    id: string;
};
export type BunConnectionsTestAnswer = TestResult;
/** A key. */
export type RedisGetInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key is spelt. */
    encoding?: NameEncoding;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisGetAnswer = StringKey;
/** A key and its new string. */
export type RedisSetInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key is spelt. */
    encoding?: NameEncoding;
    /** The string. */
    value: TextOrBytes;
    /**
     * Seconds to live; −1, the default, is for ever.
     */
    ttl?: number | null;
    /**
     * Only if the key does not exist.
     * @default false
     */
    nx?: boolean;
    /**
     * Only if the key exists.
     * @default false
     */
    xx?: boolean;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisSetAnswer = WrittenKey;
/** The commands. */
export type RedisBatchInput = {
    /** Each `[name, key, …]`: a command about one key that does not block. */
    commands: TextOrBytes[][];
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisBatchAnswer = BatchResult[];
/** A command. */
export type RedisCommandInput = {
    /** The command's name and its arguments. Either these or `line`. */
    args?: TextOrBytes[] | null;
    /** The same as one line, with quotes and `\xNN` as `redis-cli` reads them. */
    line?: string | null;
    /**
     * Required of commands that need admin permission: they affect everybody, or cost much.
     * @default false
     */
    confirm?: boolean;
    /** In a cluster, where a command without keys goes: a node's id, or `host:port`. Default: any primary. */
    node?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisCommandAnswer = CommandAnswer;
/** Which channels. */
export type RedisPubsubChannelsInput = {
    /** Only channels that this glob pattern matches. */
    pattern?: TextOrBytes | null;
    /** How `pattern` is spelt. */
    encoding?: NameEncoding;
    /** Where the page before ended. */
    cursor?: string | null;
    /**
     * Channels per page, 1 to 1000; default 100.
     */
    limit?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisPubsubChannelsAnswer = ChannelPage;
/** A message and where it goes. */
export type RedisPubsubPublishInput = {
    /** The channel. */
    channel: TextOrBytes;
    /** The message. */
    message: Message;
    /**
     * As a sharded channel of a cluster.
     * @default false
     */
    sharded?: boolean;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisPubsubPublishAnswer = PublishedMessage;
/** What to subscribe to at first. More can be asked for in messages. */
export type RedisPubsubSubscribeInput = {
    /** Channels. */
    channels?: TextOrBytes[];
    /** Glob patterns of channels. */
    patterns?: TextOrBytes[];
    /** Sharded channels. */
    shard_channels?: TextOrBytes[];
    /** How all of them are spelt. */
    encoding?: NameEncoding;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisPubsubSubscribeMessage = SubscriptionMessage;
export type RedisPubsubSubscribeRequest = SubscriptionRequest;
/** What to do to which keys. */
export type RedisBulkInput = {
    /** What to do to each key. */
    action: Action;
    /** These keys, at most 100,000. Else `pattern`, `type` or both. */
    keys?: TextOrBytes[] | null;
    /** Keys that fit this glob pattern. */
    pattern?: TextOrBytes | null;
    /** Keys of this type. */
    type?: string | null;
    /**
     * For `expire`: the seconds that each key has left.
     */
    ttl?: number | null;
    /** For `copy`: the id of the connection to copy to, a Redis connection of the same project on which the user has write permission. */
    to?: string | null;
    /** For `copy`: what happens to keys that are there already: `skip` (default), `replace`, `refuse` or `fail`. */
    on_conflict?: OnConflict | null;
    /**
     * Needed where the pattern is made of wildcards alone, such as `*`, where nine tenths of the database's keys or more fit, and where most do and the pattern does not say what their names begin with.
     * @default false
     */
    confirm?: boolean;
    /**
     * Only counts what would be done, exactly, and shows the first keys.
     * @default false
     */
    dry_run?: boolean;
    /**
     * For a dry run: looks at about so many keys and estimates the rest.
     */
    sample?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisBulkRecord = BulkRecord;
/** Which keys. */
export type RedisExportInput = {
    /** Glob pattern; default: all keys. */
    pattern?: TextOrBytes | null;
    /** How `pattern` is spelt. */
    encoding?: NameEncoding;
    /** Only keys of this type. */
    type?: string | null;
    /** The last checkpoint's, to go on where an export was cut off; with the same pattern and type. */
    cursor?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisExportRecord = ExportLine;
/** Which keys. */
export type RedisExportKeysInput = {
    /** These keys, at most 100,000; those that are not there are left out. */
    keys: TextOrBytes[];
    /** The last checkpoint's, to go on where an export was cut off; with the same keys. */
    cursor?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisExportKeysRecord = ExportLine;
/** How to import. The body is what an export gave. */
export type RedisImportInput = {
    /**
     * What happens to keys that are there already: `skip` (default), `replace`, `refuse` or `fail`.
     * @default skip
     */
    on_conflict?: OnConflict;
    /** `keep` (default) or `none`. */
    ttl?: Ttl;
    /**
     * Reads and checks everything, looks which keys are there, and writes nothing.
     * @default false
     */
    dry_run?: boolean;
    /** The `resume` of an import that was cut off: the first line to write. The lines before it must be sent too; they are summed and not written. */
    resume?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisImportRecord = KeysImportRecord;
/** Which databases, and what of them. */
export type MongodbDatabasesListInput = {
    /**
     * How many at most; 1000 if not given, and at most.
     */
    limit?: number | null;
    /** Begin after the database of this name; databases are listed by name. */
    after?: string | null;
    /** Whether to ask for sizes and collections; it does unless this is `false`. */
    info?: boolean | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDatabasesListAnswer = DatabaseEntry[];
/** A new database. */
export type MongodbDatabasesCreateInput = {
    /** Its name. */
    name: string;
    /** Name of its first collection: servers keep no database without one. */
    collection: string;
    /** How the collection is made. */
    options?: CreateOptions;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDatabasesCreateAnswer = DatabaseMade;
/** Which database. */
export type MongodbDatabasesDropInput = {
    /** Name of the database. */
    db: string;
    /** Its name once more. */
    confirm?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDatabasesDropAnswer = Dropped;
/** Which database. */
export type MongodbDatabasesStatsInput = {
    /** Name of the database. */
    db: string;
    /**
     * How many bytes one unit of the sizes stands for, such as 1024; 1 if not given.
     */
    scale?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDatabasesStatsAnswer = DatabaseSizes;
/** Which collections, and what of them. */
export type MongodbCollectionsListInput = {
    /** Name of the database. */
    db: string;
    /**
     * How many at most; 1000 if not given, and at most.
     */
    limit?: number | null;
    /** Begin after the collection of this name; collections are listed by name. */
    after?: string | null;
    /** Whether to ask each collection for its sizes; it does unless this is `false`. */
    info?: boolean | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbCollectionsListAnswer = CollectionEntry[];
/** A new collection or view. */
export type MongodbCollectionsCreateInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    name: string;
    /** How it is made. */
    options?: CreateOptions;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbCollectionsCreateAnswer = CollectionMade;
/** Which collection. */
export type MongodbCollectionsDropInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The collection's name once more. */
    confirm?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbCollectionsDropAnswer = Dropped;
/** Which collection, and one of `rename`, `options`, `index` and `convert_to_capped`. */
export type MongodbCollectionsChangeInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** Its new name. */
    rename?: string | null;
    /** The database of the new name; no other than its own is possible. */
    to_db?: string | null;
    /**
     * Remove the collection that has the new name, which `confirm` must repeat.
     * @default false
     */
    drop_target?: boolean;
    /** Options to change. */
    options?: ChangedOptions | null;
    /**
     * Refuse the new validator with `CONFLICT` if a document that is there does not match it.
     * @default false
     */
    if_valid?: boolean;
    /** An index to change. */
    index?: ChangedIndex | null;
    /**
     * Give it a fixed size of so many bytes: its oldest documents that do not fit and all indexes are removed, and `confirm` must repeat its name.
     */
    convert_to_capped?: number | null;
    /** The name of what is removed. */
    confirm?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbCollectionsChangeAnswer = CollectionChanged;
/** Which documents, and by which rules. */
export type MongodbCollectionsValidateInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The rules: `{ "$jsonSchema": … }` or a query. */
    validator: Document;
    /**
     * How many of the documents to show at most; 20 if not given, at most 1000.
     */
    limit?: number | null;
    /**
     * Milliseconds to look for them; 10000 if not given, and never more than the request has left.
     */
    max_time_ms?: number | null;
    /** How to show them. */
    ejson?: Mode;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbCollectionsValidateAnswer = Validated;
/** Which collection. */
export type MongodbIndexesListInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbIndexesListAnswer = IndexShown[];
/** A new index. */
export type MongodbIndexesCreateInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The fields in their order: `1`, `-1`, `"text"`, `"2dsphere"`, `"2d"` or `"hashed"`; a field `$**` stands for all. */
    key: Document;
    /** How it is made. */
    options?: IndexOptions;
    /** How many members of a replica set must be ready before it is used: a number, `majority`, `votingMembers` or a tag. */
    commit_quorum?: Quorum | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbIndexesCreateAnswer = IndexMade;
export type MongodbIndexesCreateRecord = IndexRecord;
/** Which collection. */
export type MongodbIndexesStatsInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbIndexesStatsAnswer = IndexStats;
/** Which index. */
export type MongodbIndexesDropInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The index's exact name. */
    name: string;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbIndexesDropAnswer = Dropped;
/** The input of an operation that asks for nothing but what its path says. */
export type MongodbServerInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbServerAnswer = MongoServer;
/** Which operations. */
export type MongodbOperationsListInput = {
    /**
     * Also show connections and cursors that do nothing.
     * @default false
     */
    idle?: boolean;
    /**
     * Only operations that run for at least so many seconds.
     */
    min_seconds?: number | null;
    /** Only operations on this database, or on this collection: `db.coll`. */
    ns?: string | null;
    /**
     * Show the values in commands, such as what a filter looks for. Without, they are `?`. Passwords and keys are never shown.
     * @default false
     */
    values?: boolean;
    /**
     * How many at most; 100 if not given, at most 1000.
     */
    limit?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbOperationsListAnswer = RunningOperations;
/** Which operation. */
export type MongodbOperationsKillInput = {
    /** Its number, with the shard's name before it in a sharded cluster: `12345`, `shard01:12345`. */
    opid: string;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbOperationsKillAnswer = EndedOperation;
/** Which records. */
export type MongodbProfileInput = {
    /** Name of the database. */
    db: string;
    /**
     * Only operations that took at least so many milliseconds.
     */
    min_ms?: number | null;
    /** Only operations on this collection. */
    coll?: string | null;
    /** Only operations of this kind: `query`, `insert`, `update`, `remove`, `getmore` or `command`. */
    op?: string | null;
    /**
     * Show the values in commands, and how they were executed. Without, values are `?`.
     * @default false
     */
    values?: boolean;
    /**
     * How many at most; 100 if not given, at most 1000.
     */
    limit?: number | null;
    /** Where the page before ended. */
    cursor?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbProfileAnswer = ProfilerPage;
/** Which keys. */
export type RedisKeysListInput = {
    /** Glob pattern; without special characters it names one key. Default: all keys. */
    pattern?: TextOrBytes | null;
    /** Only keys that begin with this, whatever characters it has; instead of `pattern`. */
    prefix?: TextOrBytes | null;
    /** How `pattern` or `prefix` is spelt. */
    encoding?: NameEncoding;
    /** Only keys of this type: `string`, `hash`, `list`, `set`, `zset`, `stream`, or a module's. */
    type?: string | null;
    /** `"0"` at first, then the `cursor` of the last page; the last page has `"0"` again. */
    cursor?: TextOrBytes | null;
    /**
     * Keys per page, 1 to 1000; default 100. A page may have a few more, and fewer.
     */
    count?: number | null;
    /**
     * Keys that are examined before the page is given as it is; default 100 000, at most 1 000 000. It may be exceeded by one call's work.
     */
    max_examined?: number | null;
    /**
     * Milliseconds after which the page is given as it is; default 2000, from 10 to 10 000.
     */
    max_ms?: number | null;
    /** What is told of each key; default `type,ttl,size`. */
    with?: KeyDetail[] | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysListAnswer = KeyPage;
/** What to count. */
export type RedisTreeInput = {
    /** Only keys that begin with this, whatever characters it has: the `prefix` of a namespace. */
    prefix?: TextOrBytes | null;
    /** What ends a namespace, 1 to 16 bytes; default `:`. */
    separator?: TextOrBytes | null;
    /** How `prefix` and `separator` are spelt. */
    encoding?: NameEncoding;
    /**
     * Levels below the prefix that are counted, 1 to 8; default 1.
     */
    depth?: number | null;
    /** Only keys of this type. */
    type?: string | null;
    /**
     * Namespaces that are told apart, and keys whose names are given; default 1000, which is also the most; 10 000 as a stream. The keys of further ones are counted in `other_keys`.
     */
    limit?: number | null;
    /** Where the answer before ended. Counts are of this answer alone: add them up. */
    cursor?: TextOrBytes | null;
    /**
     * Keys that are examined before the answer is given as it is; default 100 000, at most 1 000 000. A stream goes on to the end.
     */
    max_examined?: number | null;
    /**
     * Milliseconds after which the answer is given as it is; default 2000, from 10 to 10 000. A stream goes on to the end.
     */
    max_ms?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisTreeAnswer = Tree;
export type RedisTreeRecord = TreeRecord;
/** Which key, and which part of its value. */
export type RedisKeysGetInput = {
    /** The key. */
    key: TextOrBytes;
    /** How `key` and `pattern` are spelt. */
    encoding?: NameEncoding;
    /** The `cursor` of the last page of this value. */
    cursor?: TextOrBytes | null;
    /**
     * First byte of a string, first bit of a bitmap, first index of a list or sorted set.
     */
    offset?: number | null;
    /**
     * Bytes of a string (default: all, up to 16 MiB), bits of a bitmap (default 1024, at most 65 536), else elements (default 100, at most 1000).
     */
    count?: number | null;
    /**
     * From the end: the tail of a list, the highest scores, the newest entries.
     * @default false
     */
    reverse?: boolean;
    /** Of a sorted set the lowest score, `(1.5` for greater than 1.5; of a stream the lowest id. */
    min?: ScoreOrId | null;
    /** Of a sorted set the highest score, `(1.5` for less than 1.5; of a stream the highest id. */
    max?: ScoreOrId | null;
    /** Only fields of a hash, or members of a set or sorted set, that match this glob pattern. A page may then be empty and not be the last. */
    pattern?: TextOrBytes | null;
    /** How a string is shown. */
    view?: StringView;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysGetAnswer = RedisKey;
/** A key. */
export type RedisKeysDownloadInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key is spelt. */
    encoding?: NameEncoding;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
/** A key. */
export type RedisKeysGroupsInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key is spelt. */
    encoding?: NameEncoding;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysGroupsAnswer = StreamGroups;
/** A stream and one of its groups. */
export type RedisKeysConsumersInput = {
    /** The key. */
    key: TextOrBytes;
    /** How key and group are spelt. */
    encoding?: NameEncoding;
    /** The group's name. */
    group: TextOrBytes;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysConsumersAnswer = GroupConsumers;
/** Which of a group's pending entries. */
export type RedisKeysPendingInput = {
    /** The key. */
    key: TextOrBytes;
    /** How key, group and consumer are spelt. */
    encoding?: NameEncoding;
    /** The group's name. */
    group: TextOrBytes;
    /** Only those of this consumer. */
    consumer?: TextOrBytes | null;
    /** The lowest id. */
    min?: string | null;
    /** The highest id. */
    max?: string | null;
    /**
     * Only those that were idle for this many milliseconds.
     */
    min_idle_ms?: number | null;
    /** The `cursor` of the last page; the last one has `"0"`. */
    cursor?: TextOrBytes | null;
    /**
     * Entries per page; default 100, at most 1000.
     */
    count?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysPendingAnswer = PendingPage;
/** A key and its new value. */
export type RedisKeysSetInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key is spelt. */
    encoding?: NameEncoding;
    /** A string or number; an object or `[[field, value], …]` for a hash; an array for a list or set; `[{ member, score }, …]` for a sorted set; `[{ id?, fields }, …]` for a stream. */
    value: unknown;
    /** Default: what the value looks like: `string`, `hash` or `list`. */
    type?: RedisType | null;
    /**
     * Seconds to live; −1, the default, is for ever.
     */
    ttl?: number | null;
    /**
     * Only if the key does not exist.
     * @default false
     */
    nx?: boolean;
    /**
     * Only if the key exists.
     * @default false
     */
    xx?: boolean;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysSetAnswer = WrittenKey;
/** A key, and what to change. */
export type RedisKeysEditInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key is spelt. */
    encoding?: NameEncoding;
    /** What to change. Without it, `ttl` and its like are all that is changed. */
    edit?: ValueEdit | null;
    /**
     * Seconds to live from now on; −1 is for ever. Default: the time that the key has left.
     */
    ttl?: number | null;
    /**
     * The same in milliseconds.
     */
    ttl_ms?: number | null;
    /**
     * When the key ends, in seconds since 1970.
     */
    at?: number | null;
    /**
     * When the key ends, in milliseconds since 1970.
     */
    at_ms?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysEditAnswer = EditedKey;
/** A key. */
export type RedisKeysDeleteInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key is spelt. */
    encoding?: NameEncoding;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysDeleteAnswer = DeletedKey;
/** A key and the time that it has left: one of `ttl`, `ttl_ms`, `at` and `at_ms`. */
export type RedisKeysExpireInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key is spelt. */
    encoding?: NameEncoding;
    /**
     * Seconds to live; −1 is for ever.
     */
    ttl?: number | null;
    /**
     * Milliseconds to live; −1 is for ever.
     */
    ttl_ms?: number | null;
    /**
     * When it ends, in seconds since 1970.
     */
    at?: number | null;
    /**
     * When it ends, in milliseconds since 1970.
     */
    at_ms?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysExpireAnswer = KeyLifetime;
/** A key and its new name. */
export type RedisKeysRenameInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key in the path is spelt. */
    encoding?: NameEncoding;
    /** The new name, as text or bytes. In a cluster it must be in the same slot. */
    to: TextOrBytes;
    /**
     * Only if there is no key of the new name; `false` deletes that. Default `true`.
     * @default true
     */
    nx?: boolean;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysRenameAnswer = RenamedKey;
/** A key and where to copy it. */
export type RedisKeysCopyInput = {
    /** The key. */
    key: TextOrBytes;
    /** How the key in the path is spelt. */
    encoding?: NameEncoding;
    /** The copy's name, as text or bytes. In a cluster it must be in the same slot. */
    to: TextOrBytes;
    /**
     * Another database of the same server, which is beyond what the connection is for: that needs admin permission.
     */
    db?: number | null;
    /**
     * Only if there is no key of that name; `false` deletes that. Default `true`.
     * @default true
     */
    nx?: boolean;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisKeysCopyAnswer = CopiedKey;
/** The input of an operation that asks for nothing but what its path says. */
export type RedisInfoInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisInfoAnswer = RedisInfo;
/** How often. */
export type RedisStatsInput = {
    /**
     * Seconds between two snapshots of a stream, 0.25 to 3600; default 1.
     */
    interval?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisStatsAnswer = RedisStats;
export type RedisStatsRecord = RedisStats;
/** The input of an operation that asks for nothing but what its path says. */
export type RedisDatabasesInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisDatabasesAnswer = RedisDatabases;
/** What to measure. */
export type RedisMemoryInput = {
    /** Only keys that begin with this, whatever characters it has. */
    prefix?: TextOrBytes | null;
    /** Only keys of this type. */
    type?: string | null;
    /** What ends a part of a prefix, 1 to 16 bytes; default `:`. */
    separator?: TextOrBytes | null;
    /** How `prefix` and `separator` are spelt. */
    encoding?: NameEncoding;
    /**
     * Parts that a prefix has at most, 1 to 8; default 1.
     */
    depth?: number | null;
    /**
     * Prefixes that are told apart, the largest first, 1 to 1000; default 100.
     */
    limit?: number | null;
    /**
     * The largest keys, and the most used ones, that are named, 1 to 1000; default 50.
     */
    top?: number | null;
    /**
     * Elements of a collection that are measured, 1 to 1000; default 5.
     */
    samples?: number | null;
    /**
     * Keys that are examined; default 100 000, at most 1 000 000. A stream goes on to the end unless asked otherwise.
     */
    max_examined?: number | null;
    /**
     * Milliseconds after which the answer is given as it is; default 2000, from 10 to 10 000. A stream goes on to the end unless asked otherwise.
     */
    max_ms?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisMemoryAnswer = MemoryReport;
export type RedisMemoryRecord = MemoryReport;
/** How much of it. */
export type RedisSlowlogInput = {
    /**
     * Entries, the latest first, 1 to 1000; default 128.
     */
    limit?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisSlowlogAnswer = SlowLog;
/** Which clients. */
export type RedisClientsInput = {
    /** Only clients of this kind. */
    type?: ClientKind | null;
    /** `"0"` at first, then the `cursor` of the page before. */
    cursor?: string | null;
    /**
     * Clients per page, 1 to 1000; default 100.
     */
    limit?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisClientsAnswer = ClientPage;
/** Which settings. */
export type RedisConfigInput = {
    /** Glob pattern of their names; default all. */
    pattern?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type RedisConfigAnswer = RedisSettings;
/** Which documents to show. */
export type MongodbDocumentsFindInput = {
    /** Name of the database, which `databaseName` can name as well; the connection's own if not given. */
    db?: string | null;
    /** Name of the collection, which `collection` can name as well. */
    coll: string;
    /** A query; all documents if not given. */
    filter?: Document | null;
    /** Which fields to show. */
    projection?: Document | null;
    /** In which order. */
    sort?: Document | null;
    /**
     * How many at most; 20 if not given, at most 1000.
     */
    limit?: number | null;
    /**
     * How many to pass over. The server walks through them, so a large number is slow.
     * @default 0
     */
    skip?: number;
    /** Where to begin: the `next_cursor` of the page before, or nothing for the first page. Documents are then sorted by their `_id` in the end, and by it alone without a `sort`. Pages stay in step while documents come and go, and are quick at any depth if there is an index on the fields of the sort and `_id`. Not for sorts by computed scores or items of arrays. */
    cursor?: string | null;
    /** How text is compared: `{ "locale": "de", "strength": 2 }`. */
    collation?: Document | null;
    /** The index to use. */
    hint?: HintInput | null;
    /**
     * Milliseconds after which the server gives up; never more than the request has left.
     */
    maxTimeMS?: number | null;
    /** `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`. */
    readPreference?: string | null;
    /** `local`, `available`, `majority`, `linearizable` or `snapshot`. */
    readConcern?: string | null;
    /** Values that expressions in the filter can name, as `$$name`. Nothing is counted then. */
    let?: Document | null;
    /** `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
    ejson?: Mode | null;
    /** `text` for documents as texts that hold Extended JSON: no parser on the way changes the order of their fields, or what their numbers look like. */
    as?: ShownAs;
    /** Whether to find out how many documents there are; it does unless this is `false`. */
    count?: boolean | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDocumentsFindAnswer = DocumentsPage;
/** What to insert: `document` or `documents`. */
export type MongodbDocumentsInsertInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection; it is made if it does not exist. */
    coll: string;
    /** One document. */
    document?: Document | null;
    /** Several documents, at most 10000. */
    documents?: Document[] | null;
    /** Stop at the first document that is refused, which is the default, or try them all. */
    ordered?: boolean | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDocumentsInsertAnswer = DocumentsInserted;
/** Which document to show. */
export type MongodbDocumentsGetInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The document's `_id`: an `ObjectId` if it is 24 hexadecimal digits, else a string. */
    id: string;
    /** The type of the `_id`, if it is another. */
    id_type?: IdType | null;
    /** `base64url` if the `_id` is given as base64url of canonical Extended JSON. */
    encoding?: IdEncoding | null;
    /** `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
    ejson?: Mode | null;
    /** `text` for the document as a text that holds Extended JSON: no parser on the way changes the order of its fields, or what its numbers look like. */
    as?: ShownAs;
    /**
     * Answer with `{ document, etag }`.
     * @default false
     */
    with_etag?: boolean;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDocumentsGetAnswer = DocumentShown;
/** How to change a document: `update` or `replacement`. */
export type MongodbDocumentsUpdateInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The document's `_id`: an `ObjectId` if it is 24 hexadecimal digits, else a string. */
    id: string;
    /** The type of the `_id`, if it is another. */
    id_type?: IdType | null;
    /** `base64url` if the `_id` is given as base64url of canonical Extended JSON. */
    encoding?: IdEncoding | null;
    /** Update operators, or an array of stages. */
    update?: Update | null;
    /** Which items of arrays `$[name]` in the operators means: one filter for each name. */
    array_filters?: Document[];
    /** The whole new document. Its `_id` may be left out. With `if_unchanged`, only the fields that differ from that are written. */
    replacement?: Document | null;
    /**
     * Make the document if there is none with this id.
     * @default false
     */
    upsert?: boolean;
    /** The document as it was loaded, as canonical Extended JSON. If the stored one is not the same any more, byte for byte, nothing is changed and the failure, `CONFLICT`, has the current one and its `etag` in its details. What has gone through a JavaScript object may have lost its order of fields; `if_match` does not depend on it. */
    if_unchanged?: Document | null;
    /**
     * The `etag` that the document was loaded with; the same as `if_unchanged`.
     * @default null
     */
    if_match?: string | null;
    /** How to show the document in the answer. */
    ejson?: Mode | null;
    /** `text` for the document in the answer, and the current one of a conflict, as a text that holds Extended JSON. */
    as?: ShownAs;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDocumentsUpdateAnswer = DocumentChanged;
/** Which document to delete. */
export type MongodbDocumentsDeleteInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The document's `_id`: an `ObjectId` if it is 24 hexadecimal digits, else a string. */
    id: string;
    /** The type of the `_id`, if it is another. */
    id_type?: IdType | null;
    /** `base64url` if the `_id` is given as base64url of canonical Extended JSON. */
    encoding?: IdEncoding | null;
    /** The document as it was loaded, as canonical Extended JSON; it is deleted only if it is still the same, byte for byte. */
    if_unchanged?: Document | null;
    /**
     * The `etag` that the document was loaded with; the same as `if_unchanged`.
     * @default null
     */
    if_match?: string | null;
    /** `text` for the current document of a conflict as a text that holds Extended JSON. */
    as?: ShownAs;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDocumentsDeleteAnswer = DocumentDeleted;
/** What to write: one of `updateMany`, `deleteMany` and `bulkWrite`. */
export type MongodbDocumentsBulkInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** Changes all documents that match. */
    updateMany?: BulkUpdate | null;
    /** Deletes all documents that match. */
    deleteMany?: BulkDelete | null;
    /** Writes of any kind, at most 100000: `[{ "insertOne": { "document": … } }, …]`. */
    bulkWrite?: WriteInput[] | null;
    /**
     * Stop at the first write that fails, which is the default, or try them all.
     * @default true
     */
    ordered?: boolean;
    /**
     * Must be `true` where the writes together may reach every document of the collection, and do not say which each of them means: by lists of `_id`s, or one by one with different values of fields.
     * @default false
     */
    confirm?: boolean;
    /**
     * Write nothing; show how many documents each filter matches, and some of them.
     * @default false
     */
    dry_run?: boolean;
    /**
     * How many documents a preview shows of each write; 5 if not given, at most 20.
     */
    sample?: number | null;
    /** How a preview shows documents. */
    ejson?: Mode;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDocumentsBulkAnswer = BulkAnswer;
/** Which collections. */
export type MongodbCollectionsListByQueryInput = {
    /** Name of the database; the connection's own if not given. */
    databaseName?: string | null;
    /**
     * How many at most; 1000 if not given, and at most.
     */
    limit?: number | null;
    /** Begin after the collection of this name. */
    after?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbCollectionsListByQueryAnswer = CollectionEntry[];
/** Which documents to show. */
export type MongodbDocumentsFindByQueryInput = {
    /** Name of the database, which `databaseName` can name as well; the connection's own if not given. */
    db?: string | null;
    /** Name of the collection, which `collection` can name as well. */
    coll: string;
    /** A query; all documents if not given. */
    filter?: Document | null;
    /** Which fields to show. */
    projection?: Document | null;
    /** In which order. */
    sort?: Document | null;
    /**
     * How many at most; 20 if not given, at most 1000.
     */
    limit?: number | null;
    /**
     * How many to pass over. The server walks through them, so a large number is slow.
     * @default 0
     */
    skip?: number;
    /** Where to begin: the `next_cursor` of the page before, or nothing for the first page. Documents are then sorted by their `_id` in the end, and by it alone without a `sort`. Pages stay in step while documents come and go, and are quick at any depth if there is an index on the fields of the sort and `_id`. Not for sorts by computed scores or items of arrays. */
    cursor?: string | null;
    /** How text is compared: `{ "locale": "de", "strength": 2 }`. */
    collation?: Document | null;
    /** The index to use. */
    hint?: HintInput | null;
    /**
     * Milliseconds after which the server gives up; never more than the request has left.
     */
    maxTimeMS?: number | null;
    /** `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`. */
    readPreference?: string | null;
    /** `local`, `available`, `majority`, `linearizable` or `snapshot`. */
    readConcern?: string | null;
    /** Values that expressions in the filter can name, as `$$name`. Nothing is counted then. */
    let?: Document | null;
    /** `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
    ejson?: Mode | null;
    /** `text` for documents as texts that hold Extended JSON: no parser on the way changes the order of their fields, or what their numbers look like. */
    as?: ShownAs;
    /** Whether to find out how many documents there are; it does unless this is `false`. */
    count?: boolean | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDocumentsFindByQueryAnswer = DocumentsPage;
/** Which database. */
export type MongodbDatabasesStatsByQueryInput = {
    /** Name of the database; the connection's own if not given. */
    databaseName?: string | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDatabasesStatsByQueryAnswer = DatabaseSizes;
/** What to run on a collection. */
export type MongodbAggregateInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The stages. */
    pipeline: Pipeline;
    /** How to run them. */
    options?: RunOptions;
    /**
     * Must be `true` for a pipeline that writes with `$out` or `$merge`.
     * @default false
     */
    confirm?: boolean;
    /**
     * Return only the first so many documents; in a list at most 10000. If it is not given, a list of more than 1000 documents is refused; a stream has them all.
     */
    limit?: number | null;
    /** `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
    ejson?: Mode | null;
    /** `text` for documents as texts that hold Extended JSON. */
    as?: ShownAs;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbAggregateAnswer = Document[];
export type MongodbAggregateRecord = Document;
/** What to show. */
export type MongodbAggregatePreviewInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** The stages, at most 100. */
    pipeline: Pipeline;
    /**
     * How many documents go through the pipeline; 1000 if not given, at most 100000.
     */
    sample?: number | null;
    /**
     * How many documents to show of each stage; 10 if not given, at most 100.
     */
    limit?: number | null;
    /** How to run the stages. `maxTimeMS` is for each of them, and 5000 if not given. */
    options?: RunOptions;
    /** `relaxed` for display, which is the default, or `canonical` for editing. */
    ejson?: Mode;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbAggregatePreviewAnswer = PipelinePreview;
/** What to run on a database. */
export type MongodbAggregateDatabaseInput = {
    /** Name of the database; stages that tell of the whole server want `admin`. */
    db: string;
    /** The stages. The first needs no collection: `$currentOp`, `$listLocalSessions`, `$queryStats`, `$documents`… */
    pipeline: Pipeline;
    /** How to run them. */
    options?: RunOptions;
    /**
     * As for a collection.
     */
    limit?: number | null;
    /** `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
    ejson?: Mode | null;
    /** `text` for documents as texts that hold Extended JSON. */
    as?: ShownAs;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbAggregateDatabaseAnswer = Document[];
export type MongodbAggregateDatabaseRecord = Document;
/** Which documents to count. */
export type MongodbCountInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** A query; all documents if not given. */
    filter?: Document | null;
    /**
     * Count one by one even where the collection's metadata has the number of all documents.
     * @default false
     */
    exact?: boolean;
    /** How to read. */
    options?: ReadOptions;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbCountAnswer = DocumentCount;
/** Which values to list. */
export type MongodbDistinctInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** Path of the field, with dots. */
    key: string;
    /** A query; all documents if not given. */
    filter?: Document | null;
    /**
     * How many at most; 1000 if not given, at most 10000.
     */
    limit?: number | null;
    /** How to read. `hint` needs MongoDB 7.1. */
    options?: ReadOptions;
    /** `relaxed` for display, which is the default, or `canonical` for editing. */
    ejson?: Mode;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDistinctAnswer = DistinctValues;
/** What to look at. */
export type MongodbSchemaInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** Only documents that match; all if not given. */
    filter?: Document | null;
    /**
     * How many documents; 1000 if not given, at most 100000.
     */
    size?: number | null;
    /**
     * `random`, which is the default, or `head`: those that the server finds first, which is faster.
     * @default random
     */
    method?: SampleMethod;
    /**
     * Paths at most; 1000 if not given, at most 5000.
     */
    paths?: number | null;
    /**
     * Frequent values of each type at each path; 10 if not given, at most 50. `0` finds none.
     */
    values?: number | null;
    /** How to read. `maxTimeMS` is the time for all of it, 5000 if not given; what was seen until then is told. */
    options?: ReadOptions;
    /** How to show values. */
    ejson?: Mode;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbSchemaAnswer = SampleShown;
export type MongodbSchemaRecord = SampleRecord;
/** What to explain: exactly one of `find`, `aggregate`, `count`, `distinct`, `update` and `delete`. */
export type MongodbExplainInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** A query. */
    find?: ExplainedFind | null;
    /** A pipeline. */
    aggregate?: ExplainedAggregate | null;
    /** A count. */
    count?: ExplainedCount | null;
    /** The different values of a field. */
    distinct?: ExplainedDistinct | null;
    /** An update; nothing is written. */
    update?: ExplainedUpdate | null;
    /** A delete; nothing is deleted. */
    delete?: ExplainedDelete | null;
    /**
     * `queryPlanner`, which is the default and runs nothing, `executionStats` or `allPlansExecution`.
     * @default queryPlanner
     */
    verbosity?: Verbosity;
    /** How to read. */
    options?: RunOptions;
    /** Whether to return the server's own explanation too; it does unless this is `false`. */
    raw?: boolean | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbExplainAnswer = Explanation;
/** What to watch, how, and from when. */
export type MongodbWatchInput = {
    /** Name of the database; the connection's own if not given. */
    db?: string | null;
    /** Name of the collection, which need not exist yet; all of the database if not given. */
    coll?: string | null;
    /** Stages that the events go through: `$match`, `$project`, `$set`, `$unset`, `$addFields`, `$replaceRoot`, `$replaceWith`, `$redact`, `$changeStreamSplitLargeEvent`. */
    pipeline?: Pipeline;
    /** Which document an update is told with. */
    fullDocument?: FullDocument | null;
    /** Whether a change is told with the document as it was before. */
    fullDocumentBeforeChange?: BeforeChange | null;
    /**
     * Tell of indexes and collections too (MongoDB 6.0).
     * @default false
     */
    showExpandedEvents?: boolean;
    /** Begin after the event of this `resume_token`. */
    resumeAfter?: Document | null;
    /** The same, also after an `invalidate`. */
    startAfter?: Document | null;
    /** Begin with the changes of this time. */
    startAtOperationTime?: Moment | null;
    /**
     * Events that the server sends at a time, 1 to 1000.
     */
    batchSize?: number | null;
    /**
     * Milliseconds that the server waits for events before it says that there are none, up to 10000; default 1000.
     */
    maxAwaitTimeMS?: number | null;
    /** `relaxed` for display, which is the default, or `canonical` for editing. Tokens are always canonical. */
    ejson?: Mode;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbWatchMessage = WatchMessage;
export type MongodbWatchRequest = Silence;
/** What to watch, how, and from when. */
export type MongodbWatchDatabaseInput = {
    /** Name of the database; the connection's own if not given. */
    db?: string | null;
    /** Name of the collection, which need not exist yet; all of the database if not given. */
    coll?: string | null;
    /** Stages that the events go through: `$match`, `$project`, `$set`, `$unset`, `$addFields`, `$replaceRoot`, `$replaceWith`, `$redact`, `$changeStreamSplitLargeEvent`. */
    pipeline?: Pipeline;
    /** Which document an update is told with. */
    fullDocument?: FullDocument | null;
    /** Whether a change is told with the document as it was before. */
    fullDocumentBeforeChange?: BeforeChange | null;
    /**
     * Tell of indexes and collections too (MongoDB 6.0).
     * @default false
     */
    showExpandedEvents?: boolean;
    /** Begin after the event of this `resume_token`. */
    resumeAfter?: Document | null;
    /** The same, also after an `invalidate`. */
    startAfter?: Document | null;
    /** Begin with the changes of this time. */
    startAtOperationTime?: Moment | null;
    /**
     * Events that the server sends at a time, 1 to 1000.
     */
    batchSize?: number | null;
    /**
     * Milliseconds that the server waits for events before it says that there are none, up to 10000; default 1000.
     */
    maxAwaitTimeMS?: number | null;
    /** `relaxed` for display, which is the default, or `canonical` for editing. Tokens are always canonical. */
    ejson?: Mode;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbWatchDatabaseMessage = WatchMessage;
export type MongodbWatchDatabaseRequest = Silence;
/** What to watch, how, and from when. */
export type MongodbWatchClusterInput = {
    /** Name of the database; the connection's own if not given. */
    db?: string | null;
    /** Name of the collection, which need not exist yet; all of the database if not given. */
    coll?: string | null;
    /** Stages that the events go through: `$match`, `$project`, `$set`, `$unset`, `$addFields`, `$replaceRoot`, `$replaceWith`, `$redact`, `$changeStreamSplitLargeEvent`. */
    pipeline?: Pipeline;
    /** Which document an update is told with. */
    fullDocument?: FullDocument | null;
    /** Whether a change is told with the document as it was before. */
    fullDocumentBeforeChange?: BeforeChange | null;
    /**
     * Tell of indexes and collections too (MongoDB 6.0).
     * @default false
     */
    showExpandedEvents?: boolean;
    /** Begin after the event of this `resume_token`. */
    resumeAfter?: Document | null;
    /** The same, also after an `invalidate`. */
    startAfter?: Document | null;
    /** Begin with the changes of this time. */
    startAtOperationTime?: Moment | null;
    /**
     * Events that the server sends at a time, 1 to 1000.
     */
    batchSize?: number | null;
    /**
     * Milliseconds that the server waits for events before it says that there are none, up to 10000; default 1000.
     */
    maxAwaitTimeMS?: number | null;
    /** `relaxed` for display, which is the default, or `canonical` for editing. Tokens are always canonical. */
    ejson?: Mode;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbWatchClusterMessage = WatchMessage;
export type MongodbWatchClusterRequest = Silence;
/** Which documents, and how they are written. */
export type MongodbDocumentsExportInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection. */
    coll: string;
    /** `ndjson`, which is the default, `json` for one array, or `csv`. */
    format?: FileFormat | null;
    /** `canonical`, which is the default and keeps every type, or `relaxed` for people. */
    ejson?: Mode | null;
    /** A query; all documents if not given. */
    filter?: Document | null;
    /** Which fields. */
    projection?: Document | null;
    /** In which order. */
    sort?: Document | null;
    /**
     * How many at most.
     */
    limit?: number | null;
    /**
     * How many to pass over.
     * @default 0
     */
    skip?: number;
    /** Columns of CSV; a dot leads into a document. If not given, the fields of the first documents have a column each, and `$rest` has all others. */
    fields?: string[] | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDocumentsExportRecord = ShownDocument;
/** How the body is to be read and written. */
export type MongodbDocumentsImportInput = {
    /** Name of the database. */
    db: string;
    /** Name of the collection; it is made if it does not exist. */
    coll: string;
    /** `ndjson`, which is the default, `json` for an array or documents that follow each other, or `csv`. */
    format?: FileFormat | null;
    /**
     * What happens to a document whose `_id` is there already: `refuse` (default), `skip`, `replace` or `fail`. One that has another unique value that is taken is told as a problem, with the name of the index; with `fail` the import ends at it too.
     * @default refuse
     */
    on_conflict?: OnConflict;
    /** The `resume` that an import has told which was cut off: goes on there with the same body. */
    resume?: string | null;
    /**
     * Reads everything, looks which documents are there, and writes nothing.
     * @default false
     */
    dry_run?: boolean;
    /**
     * End at the first record that is refused: those before it are written, and none after it.
     * @default false
     */
    stop_on_error?: boolean;
    /** Names of the columns of CSV without a header. */
    fields?: string[] | null;
    /** What stands between the cells of CSV; a comma if not given. */
    delimiter?: string | null;
    /**
     * Cells of CSV are text, whatever they look like.
     * @default false
     */
    as_text?: boolean;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type MongodbDocumentsImportRecord = DocumentsImportRecord;
/** One SQL statement and its limits. */
export type PostgresQueryInput = {
    /** SQL of exactly one statement; `$1`, `$2`, … stand for the parameters. */
    query: string;
    /**
     * Values of the parameters. A JSON array is sent as an array, or as JSON where the parameter is `json`, `jsonb` or text; numbers keep all their digits.
     * @default []
     */
    parameters?: unknown[];
    /**
     * Only read: the statement must be SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW, and runs in a read-only transaction that is rolled back. Without it, write permission is needed.
     * @default false
     */
    read_only?: boolean;
    /**
     * After how many milliseconds the statement is cancelled: 1 to 600000, by default what the connection says, else 30000. A request never takes longer than the installation allows.
     */
    timeout_ms?: number | null;
    /**
     * Most rows in the answer: 0 to 100000, by default 1000. `truncated` says that there are more.
     */
    max_rows?: number | null;
    /** `objects`: rows as `{"column": value}`, as pg-meta answers. `rows`: rows as `[value]`. */
    format?: Format;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type PostgresQueryAnswer = Queried;
/** Which tables, and how much of them. */
export type PostgresTablesListInput = {
    /**
     * Only tables of these schemas.
     * @default []
     */
    included_schemas?: string[];
    /**
     * No tables of these schemas; has no effect beside `included_schemas`.
     * @default []
     */
    excluded_schemas?: string[];
    /**
     * With `information_schema`, `pg_catalog` and `pg_toast`.
     * @default false
     */
    include_system_schemas?: boolean;
    /**
     * With the columns of each table.
     * @default true
     */
    include_columns?: boolean;
    /**
     * At most so many tables: 1 to 1000; all of them by default.
     */
    limit?: number | null;
    /**
     * Without the first so many.
     * @default 0
     */
    offset?: number;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type PostgresTablesListAnswer = Table[];
/** The input of an operation that asks for nothing but what its path says. */
export type HttpHealthInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type HttpHealthAnswer = ServiceHealth;
/** The input of an operation that asks for nothing but what its path says. */
export type HttpInfoInput = {
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type HttpInfoAnswer = ServiceAnswer;
/** A request to the service. */
export type HttpRequestInput = {
    /** HTTP method, `GET` when left out. `GET` and `HEAD` need read permission, others write; where the connection lists `reader_paths`, other paths need write permission too. */
    method?: RequestMethod;
    /**
     * Path below the base URL; may carry a query.
     * @default
     */
    path?: string;
    /**
     * More query parameters: text, number, boolean, or a list of these. `null` is left out.
     * @default {}
     */
    query?: {
        [key: string]: unknown;
    };
    /**
     * Headers about the content, such as `Accept`, `Content-Type` or `If-Match`, and those that the connection lists as `request_headers`; others are refused.
     * @default {}
     */
    headers?: {
        [key: string]: string;
    };
    /**
     * Text is sent as it is, `{ "$binary": { "base64": "…" } }` as bytes, anything else as JSON.
     * @default null
     */
    body?: unknown;
    /**
     * Milliseconds the request may take at most.
     */
    timeout_ms?: number | null;
    /** The `ref` of a project, or the id of a connection. */
    scope: string;
    /** Id of the connection, where `scope` is a project. */
    connection_id?: string;
    /** Name of the connection, where `scope` is a project. */
    identifier?: string;
};
export type HttpRequestAnswer = ServiceAnswer;
/** The input of an operation that asks for nothing but what its path says. */
export type ServiceHealthInput = Record<string, unknown>;
export type ServiceHealthAnswer = Health;
/** The input of an operation that asks for nothing but what its path says. */
export type ServicePoolsInput = Record<string, unknown>;
export type ServicePoolsAnswer = PoolsShown;
/** Which work. */
export type ServiceJobsStopInput = {
    /** Its first record's `job`, or the header `x-job-id` of its answer. */
    job: string;
};
export type ServiceJobsStopAnswer = StoppingJob;
/** The input of an operation that asks for nothing but what its path says. */
export type ServiceMetricsInput = Record<string, unknown>;
/** The input of an operation that asks for nothing but what its path says. */
export type ServiceOpenapiInput = Record<string, unknown>;
export type ServiceOpenapiAnswer = {
    [key: string]: unknown;
};
/** The four kinds of backend. */
export type DatabaseType = "postgres" | "redis" | "mongodb" | "bun_api";
/** How a connection is doing. */
export type ConnectionStatus = "ACTIVE" | "INACTIVE" | "ERROR" | "CONNECTING";
/** Text, or the bytes that no text has. */
export type TextOrBytes = string | {
    $binary: {
        base64: string;
    };
};
/** How keys and other names are spelt in a path or query. */
export type NameEncoding = "text" | "base64url";
/** Text, { "$binary": { "base64": … } }, or any JSON, whose text is sent. */
export type Message = unknown;
/** What to do to each key. */
export type Action = "delete" | "expire" | "persist" | "copy";
/** What happens to what is there already, and to what comes in its place. */
export type OnConflict = "skip" | "replace" | "refuse" | "fail";
/** What becomes of the times at which keys expire. */
export type Ttl = "keep" | "none";
/** Options of a new collection or view, as servers name them. */
export type CreateOptions = {
    /**
     * Whether it has a fixed size and drops its oldest documents.
     * @default false
     */
    capped?: boolean;
    /**
     * Bytes that a capped collection holds at most.
     */
    size?: number | null;
    /**
     * Documents that a capped collection holds at most.
     */
    max?: number | null;
    /** What every document must match: `{ "$jsonSchema": … }` or a query. */
    validator?: Document | null;
    /** Which documents the validator is applied to. */
    validationLevel?: ValidationLevel | null;
    /** What becomes of a document that does not match. */
    validationAction?: ValidationAction | null;
    /** How text is compared: `{ locale, strength, … }`. */
    collation?: Document | null;
    /** Makes a time series. */
    timeseries?: Timeseries | null;
    /**
     * Seconds after which documents of a time series or a clustered collection are removed.
     */
    expireAfterSeconds?: number | null;
    /** Keeps the documents in the order of their `_id`. */
    clusteredIndex?: ClusteredIndex | null;
    /** Makes a view of this collection. */
    viewOn?: string | null;
    /** What the view makes of the collection. */
    pipeline?: Pipeline | null;
    /** Whether change streams can show documents as they were before and after a change. */
    changeStreamPreAndPostImages?: Images | null;
};
/** A document as MongoDB Extended JSON v2, or text that holds one. */
export type Document = Record<string, unknown> | string;
/** Which documents a validator is applied to. */
export type ValidationLevel = "off" | "strict" | "moderate";
/** What becomes of a document that a validator does not match. */
export type ValidationAction = "error" | "warn" | "errorAndLog";
/** How a time series is kept. */
export type Timeseries = {
    /** The field that has the time of a measurement. */
    timeField: string;
    /** The field that says what is measured. */
    metaField?: string | null;
    /** How far measurements are apart. */
    granularity?: Granularity | null;
    /**
     * Seconds that one bucket spans at most; since MongoDB 6.3.
     */
    bucketMaxSpanSeconds?: number | null;
    /**
     * Seconds to which the start of a bucket is rounded: the same number.
     */
    bucketRoundingSeconds?: number | null;
};
/** How far the measurements of a time series are apart. */
export type Granularity = "seconds" | "minutes" | "hours";
/** The index that the documents of a collection are kept in. */
export type ClusteredIndex = {
    /** `{ "_id": 1 }`. */
    key: Document;
    /** `true`. */
    unique: boolean;
    /** Its name; the server gives it one if none is given. */
    name?: string | null;
};
/** The stages of an aggregation, or text that holds them as JSON. */
export type Pipeline = Document[] | string;
/** Whether change streams can show documents as they were before and after a change. */
export type Images = {
    /** Whether they can. */
    enabled: boolean;
};
/** Options of a collection or view that can be changed, as servers name them. */
export type ChangedOptions = {
    /** What every document must match; `{}` for no rules. */
    validator?: Document | null;
    /** Which documents the validator is applied to. */
    validationLevel?: ValidationLevel | null;
    /** What becomes of a document that does not match. */
    validationAction?: ValidationAction | null;
    /** Seconds after which documents of a time series or a clustered collection are removed, or `off`. */
    expireAfterSeconds?: Expiry | null;
    /** How much of a time series is kept together; it can only grow. */
    timeseries?: ChangedBuckets | null;
    /**
     * Bytes that a capped collection holds at most; since MongoDB 6.0.
     */
    cappedSize?: number | null;
    /**
     * Documents that a capped collection holds at most; since MongoDB 6.0.
     */
    cappedMax?: number | null;
    /** The collection that a view shows. */
    viewOn?: string | null;
    /** What the view makes of it. */
    pipeline?: Pipeline | null;
    /** Whether change streams can show documents as they were before and after a change. */
    changeStreamPreAndPostImages?: Images | null;
};
/** When documents are removed. */
export type Expiry = number | Off;
/** @enum {string} */
export type Off = "off";
/** How much of a time series is kept together. */
export type ChangedBuckets = {
    /** How far measurements are apart. */
    granularity?: Granularity | null;
    /**
     * Seconds that one bucket spans at most.
     */
    bucketMaxSpanSeconds?: number | null;
    /**
     * Seconds to which the start of a bucket is rounded: the same number.
     */
    bucketRoundingSeconds?: number | null;
};
/** What to change of an index. */
export type ChangedIndex = {
    /** Its exact name. */
    name: string;
    /** Whether queries pass it over. It is kept up to date meanwhile. */
    hidden?: boolean | null;
    /**
     * Seconds after which documents are removed.
     */
    expireAfterSeconds?: number | null;
    /** Refuse new documents that would break uniqueness, before the index becomes unique; since MongoDB 6.0. */
    prepareUnique?: boolean | null;
    /** `true` makes the index unique; since MongoDB 6.0. */
    unique?: boolean | null;
};
/** Which form of Extended JSON to write. */
export type Mode = "relaxed" | "canonical";
/** Options of a new index, as servers name them. */
export type IndexOptions = {
    /** Its name; made of the fields, as drivers do it, if not given. */
    name?: string | null;
    /**
     * Refuse documents with values that another has.
     * @default false
     */
    unique?: boolean;
    /**
     * Leave out documents without the fields.
     * @default false
     */
    sparse?: boolean;
    /**
     * Let no query use it; it is kept up to date all the same.
     * @default false
     */
    hidden?: boolean;
    /**
     * Seconds after the date in its field at which a document is removed.
     */
    expireAfterSeconds?: number | null;
    /** Which documents are in it. */
    partialFilterExpression?: Document | null;
    /** How text is compared: `{ locale, strength, … }`. */
    collation?: Document | null;
    /** Which fields a wildcard index of all fields has: `{ field: 1 }` or `{ field: 0 }`. */
    wildcardProjection?: Document | null;
    /** How much a word in each field of a text index counts. */
    weights?: Document | null;
    /** The language of a text index. */
    default_language?: string | null;
    /** The field that has the language of a document, for a text index. */
    language_override?: string | null;
    /**
     * Version of a text index.
     */
    textIndexVersion?: number | null;
    /**
     * Version of a 2dsphere index.
     */
    "2dsphereIndexVersion"?: number | null;
    /**
     * Bits of precision of a 2d index, 1 to 32.
     */
    bits?: number | null;
    /**
     * The least coordinate of a 2d index.
     */
    min?: number | null;
    /**
     * The greatest coordinate of a 2d index.
     */
    max?: number | null;
    /**
     * Let the index be built on when the caller leaves or its time is up.
     * @default false
     */
    background?: boolean;
};
/** How many members of a replica set must be ready. */
export type Quorum = number | string;
/**
 * What is told of a key.
 * @enum {string}
 */
export type KeyDetail = "type" | "ttl" | "size" | "encoding";
/** A score or an id: both are text, and scores may be numbers. */
export type ScoreOrId = string | Score;
/** A floating point number; `inf` and `-inf` as text. */
export type Score = number | string;
/** How a string is shown. */
export type StringView = "value" | "bits";
/** A type whose values can be read and written. */
export type RedisType = "string" | "hash" | "list" | "set" | "zset" | "stream";
/** The type that the key holds, and what to change of it. */
export type ValueEdit = {
    string: StringEdit;
} | {
    hash: HashEdit;
} | {
    list: ListEdit;
} | {
    set: SetEdit;
} | {
    zset: ZsetEdit;
} | {
    stream: StreamEdit;
} | {
    hyperloglog: HyperloglogEdit;
};
/** Changes of a string, which may also be a number or a bitmap. */
export type StringEdit = {
    set: {
        /** The new value. */
        value: TextOrBytes;
        /** Only if this is the value still. */
        if_unchanged?: TextOrBytes | null;
    };
} | {
    append: {
        /** What to add. */
        value: TextOrBytes;
    };
} | {
    set_range: {
        /**
         * The first byte that is overwritten; a gap behind the end is filled with zeros.
         */
        offset: number;
        /** What to write. */
        value: TextOrBytes;
        /** Only if these bytes are there still, from `offset` on. */
        if_unchanged?: TextOrBytes | null;
    };
} | {
    increment: {
        /** What to add; may be negative. */
        by: Integer64OrDigits;
    };
} | {
    increment_float: {
        /** What to add; may be negative. */
        by: Score;
    };
} | {
    set_bit: {
        /**
         * Its position; the first bit is the highest of the first byte.
         */
        offset: number;
        /**
         * 0 or 1.
         */
        bit: number;
    };
};
/** A 64-bit integer; as digits where a JSON number would lose some. */
export type Integer64OrDigits = number | string | {
    $numberLong: string;
};
/** Changes of a hash. */
export type HashEdit = {
    set: {
        /** `[[field, value], …]`, each field once. */
        fields: [
            TextOrBytes,
            TextOrBytes
        ][];
        /** Only if these have these values still: `[[field, value], …]`, `null` for one that must not exist. */
        if_unchanged?: [
            TextOrBytes,
            TextOrBytes | null
        ][];
    };
} | {
    delete: {
        /** Their names. */
        fields: TextOrBytes[];
        /** Only if these have these values still. */
        if_unchanged?: [
            TextOrBytes,
            TextOrBytes | null
        ][];
    };
} | {
    increment: {
        /** Its name. */
        field: TextOrBytes;
        /** What to add; may be negative. */
        by: Integer64OrDigits;
    };
} | {
    increment_float: {
        /** Its name. */
        field: TextOrBytes;
        /** What to add; may be negative. */
        by: Score;
    };
} | {
    expire: {
        /** Their names. */
        fields: TextOrBytes[];
        /**
         * Seconds to live; −1 is as long as the key.
         */
        ttl?: number | null;
        /**
         * Milliseconds to live; −1 is as long as the key.
         */
        ttl_ms?: number | null;
        /**
         * When they end, in seconds since 1970.
         */
        at?: number | null;
        /**
         * When they end, in milliseconds since 1970.
         */
        at_ms?: number | null;
    };
};
/** Changes of a list. Indexes count from 0; negative ones from the end, −1 being the last. */
export type ListEdit = {
    set: {
        /**
         * Where.
         */
        index: number;
        /** The new element. */
        value: TextOrBytes;
        /** Only if this is there still: lists move. */
        if_unchanged: TextOrBytes;
    };
} | {
    insert: {
        /** Before or after it. */
        side: ElementSide;
        /** The element that is there. */
        pivot: TextOrBytes;
        /** The new one. */
        value: TextOrBytes;
    };
} | {
    insert_at: {
        /**
         * Where.
         */
        index: number;
        /** Before or after it. */
        side: ElementSide;
        /** The new element. */
        value: TextOrBytes;
        /** Only if this is at the index still. */
        if_unchanged: TextOrBytes;
    };
} | {
    push: {
        /** Left is the head, right the tail. */
        side: ListEnd;
        /** The new elements. */
        values: TextOrBytes[];
    };
} | {
    remove: {
        /** The value. */
        value: TextOrBytes;
        /**
         * The first so many, from the tail if negative; 0 is all.
         */
        count: number;
    };
} | {
    remove_at: {
        /**
         * Where.
         */
        index: number;
        /** Only if this is there still. */
        if_unchanged: TextOrBytes;
    };
} | {
    trim: {
        /**
         * The first that is kept.
         */
        start: number;
        /**
         * The last that is kept.
         */
        stop: number;
    };
};
/**
 * A side of an element.
 * @enum {string}
 */
export type ElementSide = "before" | "after";
/**
 * An end of a list.
 * @enum {string}
 */
export type ListEnd = "left" | "right";
/** Changes of a set. */
export type SetEdit = {
    add: {
        /** The members. */
        members: TextOrBytes[];
    };
} | {
    remove: {
        /** The members. */
        members: TextOrBytes[];
    };
};
/** Changes of a sorted set. */
export type ZsetEdit = {
    add: {
        /** `[[member, score], …]`, each member once. */
        members: [
            TextOrBytes,
            Score
        ][];
        /** Only if these have these scores still: `[[member, score], …]`, `null` for one that must not exist. */
        if_unchanged?: [
            TextOrBytes,
            Score | null
        ][];
    };
} | {
    increment: {
        /** The member. */
        member: TextOrBytes;
        /** What to add; may be negative. */
        by: Score;
    };
} | {
    remove: {
        /** The members. */
        members: TextOrBytes[];
    };
};
/** Changes of a stream. Ids are `ms-sequence`, or `ms` alone. */
export type StreamEdit = {
    add: {
        /** `[[name, value], …]`, in order; names may repeat. */
        fields: [
            TextOrBytes,
            TextOrBytes
        ][];
        /** Its id, greater than all others; default `*`, which lets the server choose. */
        id?: string | null;
        /**
         * Entries that are kept; older ones are removed.
         */
        max_length?: number | null;
        /** The id from which on entries are kept. */
        min_id?: string | null;
        /**
         * Removes exactly those; else some may be kept, which is much less work.
         * @default false
         */
        exact?: boolean;
    };
} | {
    trim: {
        /**
         * Entries that are kept.
         */
        max_length?: number | null;
        /** The id from which on entries are kept. */
        min_id?: string | null;
        /**
         * Removes exactly those; else some may be kept, which is much less work.
         * @default false
         */
        exact?: boolean;
    };
} | {
    delete: {
        /** Their ids. */
        ids: string[];
    };
} | {
    group_create: {
        /** Its name. */
        group: TextOrBytes;
        /** The entry behind which it begins: `0` for everything, `$` for what is yet to come. */
        id: string;
    };
} | {
    group_destroy: {
        /** Its name. */
        group: TextOrBytes;
    };
} | {
    group_set_id: {
        /** Its name. */
        group: TextOrBytes;
        /** The entry: `0` for everything, `$` for what is yet to come. */
        id: string;
    };
} | {
    ack: {
        /** The group's name. */
        group: TextOrBytes;
        /** Ids of the entries. */
        ids: string[];
    };
} | {
    claim: {
        /** The group's name. */
        group: TextOrBytes;
        /** Who gets them; made where there is none of that name. */
        consumer: TextOrBytes;
        /** Ids of the entries. */
        ids: string[];
        /**
         * Only those that were idle for this many milliseconds; default 0.
         * @default 0
         */
        min_idle_ms?: number;
    };
} | {
    delete_consumer: {
        /** The group's name. */
        group: TextOrBytes;
        /** The consumer's name. */
        consumer: TextOrBytes;
    };
};
/** Changes of a HyperLogLog. */
export type HyperloglogEdit = {
    add: {
        /** The elements. */
        elements: TextOrBytes[];
    };
};
/**
 * Kinds that `CLIENT LIST` tells apart.
 * @enum {string}
 */
export type ClientKind = "normal" | "master" | "replica" | "pubsub";
/** An index, by its keys or by its name. */
export type HintInput = Document | string;
/** Whether documents are parts of the answer or texts in it. */
export type ShownAs = "json" | "text";
/** Which BSON type a plain `_id` is of. */
export type IdType = "objectid" | "string" | "int" | "long" | "double" | "decimal" | "uuid" | "date" | "bool" | "null";
/** How the segment is encoded. */
export type IdEncoding = "base64url";
/** Update operators (`{ "$set": … }`), or an array of stages. */
export type Update = Record<string, unknown> | unknown[] | string;
/** What to change, and how. */
export type BulkUpdate = {
    /** Which documents. */
    filter: Document;
    /** Update operators, or an array of stages. */
    update: Update;
    /** Which items of arrays `$[name]` in the operators means. */
    arrayFilters?: Document[];
    /**
     * Make a document if none matches.
     * @default false
     */
    upsert?: boolean;
    /** How text is compared: `{ "locale": "de" }`. */
    collation?: Document | null;
    /** The index to use: its keys, or its name. */
    hint?: HintInput | null;
};
/** What to delete. */
export type BulkDelete = {
    /** Which documents. */
    filter: Document;
    /** How text is compared: `{ "locale": "de" }`. */
    collation?: Document | null;
    /** The index to use: its keys, or its name. */
    hint?: HintInput | null;
};
/** One write, by the name that drivers give it. */
export type WriteInput = {
    insertOne: BulkInsert;
} | {
    updateOne: BulkUpdate;
} | {
    updateMany: BulkUpdate;
} | {
    replaceOne: BulkReplace;
} | {
    deleteOne: BulkDelete;
} | {
    deleteMany: BulkDelete;
};
/** What to insert. */
export type BulkInsert = {
    /** The document. */
    document: Document;
};
/** What to replace. */
export type BulkReplace = {
    /** Which document. */
    filter: Document;
    /** The new document. */
    replacement: Document;
    /**
     * Make the document if none matches.
     * @default false
     */
    upsert?: boolean;
    /** How text is compared: `{ "locale": "de" }`. */
    collation?: Document | null;
    /** The index to use: its keys, or its name. */
    hint?: HintInput | null;
};
/** How to run a pipeline. */
export type RunOptions = {
    /** Let stages that sort or group use the server's disk. */
    allowDiskUse?: boolean | null;
    /** Values that expressions can name: with `{ "limit": 5 }` there is a `$$limit`. */
    let?: Document | null;
    /**
     * Milliseconds after which the server gives up; never more than the request has left.
     */
    maxTimeMS?: number | null;
    /** How text is compared: `{ "locale": "de", "strength": 2 }`. */
    collation?: Document | null;
    /** The index to use. */
    hint?: HintInput | null;
    /** `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`. */
    readPreference?: string | null;
    /** `local`, `available`, `majority`, `linearizable` or `snapshot`. */
    readConcern?: string | null;
};
/** How to read. */
export type ReadOptions = {
    /**
     * Milliseconds after which the server gives up; never more than the request has left.
     */
    maxTimeMS?: number | null;
    /** How text is compared: `{ "locale": "de", "strength": 2 }`. */
    collation?: Document | null;
    /** The index to use. */
    hint?: HintInput | null;
    /** `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`. */
    readPreference?: string | null;
    /** `local`, `available`, `majority`, `linearizable` or `snapshot`. */
    readConcern?: string | null;
};
/** How to choose documents. */
export type SampleMethod = "random" | "head";
/** A query. */
export type ExplainedFind = {
    /** Which documents. */
    filter?: Document;
    /** Which of their fields. */
    projection?: Document | null;
    /** In which order. */
    sort?: Document | null;
    /**
     * How many to pass over.
     */
    skip?: number | null;
    /**
     * How many at most.
     */
    limit?: number | null;
};
/** A pipeline. */
export type ExplainedAggregate = {
    /** The stages. */
    pipeline: Pipeline;
};
/** A count. */
export type ExplainedCount = {
    /** Of which documents. */
    filter?: Document;
};
/** The different values of a field. */
export type ExplainedDistinct = {
    /** Path of the field. */
    key: string;
    /** In which documents. */
    filter?: Document;
};
/** An update. */
export type ExplainedUpdate = {
    /** Of which documents. */
    filter?: Document;
    /** Update operators, or an array of stages. */
    update: Update;
    /**
     * All of them, and not the first.
     * @default false
     */
    multi?: boolean;
    /**
     * Make a document where there is none.
     * @default false
     */
    upsert?: boolean;
};
/** A delete. */
export type ExplainedDelete = {
    /** Of which documents. */
    filter?: Document;
    /**
     * All of them, and not the first.
     * @default false
     */
    multi?: boolean;
};
/** How much to find out. */
export type Verbosity = "queryPlanner" | "executionStats" | "allPlansExecution";
/** Which document an update is told with. */
export type FullDocument = "default" | "updateLookup" | "whenAvailable" | "required";
/** Whether a change is told with the document as it was before. */
export type BeforeChange = "off" | "whenAvailable" | "required";
/** { "$timestamp": { "t": …, "i": … } }, { "$date": … }, or a date as text. */
export type Moment = Record<string, unknown> | string;
/** How documents follow each other in a file. */
export type FileFormat = "ndjson" | "json" | "csv";
/** How rows are written. */
export type Format = "objects" | "rows";
/**
 * The methods that can be sent.
 * @enum {string}
 */
export type RequestMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
/** One page of connections. */
export type ConnectionPage = {
    /** Those of the environment first, then from the newest on. */
    databases: Connection[];
    /** Where the next page begins; `null` on the last. */
    cursor: string | null;
};
/** A registered connection, without its secrets. */
export type Connection = {
    /** UUID. */
    id: string;
    /** UUID of the project it belongs to. */
    project_id: string;
    /** That project's `ref`, which names it in URLs. */
    project_ref: string;
    /** That project's name. */
    project_name: string;
    /** Name of the project's organization, if it has one. */
    organization_name: string | null;
    /** Slug of that organization. */
    organization_slug: string | null;
    /** What it connects to. */
    database_type: DatabaseType;
    /** The same. */
    type: DatabaseType;
    /** Its name, unique in the project. */
    identifier: string;
    /** The same. */
    name: string;
    /** What people wrote about it. */
    description: string | null;
    /** `redis://default:***@host:6379/0`: the password is hidden. */
    connection_string: string;
    /** The first host. */
    host: string | null;
    /**
     * Its port; `null` for `mongodb+srv`, and for a Bun API on its scheme's own port.
     */
    port: number | null;
    /** `null` for Redis, whose number is `options.db`, and for a Bun API. */
    database_name: string | null;
    /** User or role. */
    username: string | null;
    /** Whether a password, or an API key, is stored. */
    has_password: boolean;
    /** Options of its type, none of them secret. */
    options: {
        [key: string]: unknown;
    };
    /** The same. */
    config: {
        [key: string]: unknown;
    };
    /** Whether it is the one that is meant where none is named. */
    is_primary: boolean;
    /** How it is doing. */
    status: ConnectionStatus;
    /** When it last worked, RFC 3339 in UTC; `null` if it never did. */
    last_connected_at: string | null;
    /** Why it last failed, until it works again. */
    last_error: string | null;
    /**
     * Raised on every change of where it goes.
     */
    version: number;
    /** Whether it can be changed here: those of the environment can't. */
    editable: boolean;
    /** When it was registered, RFC 3339 in UTC. */
    created_at: string | null;
    /** When it last changed, RFC 3339 in UTC. */
    updated_at: string | null;
};
/** How many connections there are. */
export type ConnectionStats = {
    /**
     * All.
     */
    total: number;
    /**
     * Worked when last tried.
     */
    active: number;
    /**
     * Saved without being tried.
     */
    inactive: number;
    /**
     * Failed when last tried.
     */
    error: number;
    /**
     * Being tried.
     */
    connecting: number;
    /**
     * Worked within the last hour.
     */
    recently_connected: number;
    /** Of each type that this installation has. */
    by_type: {
        [key: string]: StateCounts;
    };
};
/** How many connections are in which state. */
export type StateCounts = {
    /**
     * All.
     */
    total: number;
    /**
     * Worked when last tried.
     */
    active: number;
    /**
     * Saved without being tried.
     */
    inactive: number;
    /**
     * Failed when last tried.
     */
    error: number;
    /**
     * Being tried.
     */
    connecting: number;
    /**
     * Worked within the last hour.
     */
    recently_connected: number;
};
/** How one page of connections is doing. */
export type ConnectionsHealth = {
    /**
     * How many of the page are.
     */
    healthy: number;
    /**
     * How many of the page are.
     */
    degraded: number;
    /**
     * How many of the page are.
     */
    down: number;
    /**
     * Of how many of the page it is not known.
     */
    unknown: number;
    /** In the order of the list of connections. */
    databases: ConnectionHealth[];
    /** Where the next page begins; `null` on the last. */
    cursor: string | null;
};
/** How one connection is doing. */
export type ConnectionHealth = {
    /** UUID of the connection. */
    databaseId: string;
    /** Its name in the project. */
    identifier: string;
    /** The `ref` of its project. */
    project_ref: string;
    /** What it connects to. */
    type: DatabaseType;
    status: Condition;
    /**
     * Milliseconds; `null` when it was not tried now.
     */
    latency: number | null;
    /** When it last worked before, RFC 3339 in UTC; `null` if it never did. */
    last_connected_at: string | null;
    /** Why it does not work, as far as is known. */
    error: string | null;
};
/** How a connection is doing. */
export type Condition = "healthy" | "degraded" | "down" | "unknown";
/** How a connection test went. */
export type TestResult = {
    /** Whether the connection can be used. */
    success: boolean;
    /**
     * How long the `ping` step took, else the whole test, in milliseconds.
     */
    latency_ms: number;
    /** Version of the server; `null` where it was not told. */
    version: string | null;
    /** Why it failed. */
    error?: string;
    /** The error code of the failure. */
    code?: FailureCode;
    /** The steps, in order. The last one is the one that the test failed at, if it did. `tls` may be not `ok` in a test that succeeds: the server has none, and the target does not insist. */
    steps: TestStep[];
    /** Of Redis: `standalone`, `cluster` or `sentinel`. */
    mode?: string;
    /** Of Redis, for people: `1.23M`. */
    memory_used?: string;
    /** Of MongoDB. */
    topology?: MongoTopology;
    /** Of MongoDB: the names of at most 1000 databases that the user may see. */
    databases?: string[];
    /** Of PostgreSQL: whether the connection is. */
    encrypted?: boolean;
    /** Of PostgreSQL: `UTF8`. */
    server_encoding?: string;
    /** Of PostgreSQL: whether the role is one. */
    is_superuser?: boolean;
    /** Of PostgreSQL: whether the server copies from another one, and takes no writes. */
    is_standby?: boolean;
    /** Of PostgreSQL: what is not safe about a connection that works. */
    warnings?: string[];
    /** Of a Bun API: the header of this name. */
    server?: string;
};
/** Stable error codes; each has one HTTP status and one JavaScript class. */
export type FailureCode = "VALIDATION_ERROR" | "DB_QUERY_ERROR" | "UNAUTHENTICATED" | "PERMISSION_DENIED" | "OPERATION_NOT_ALLOWED" | "HOST_NOT_ALLOWED" | "DB_NOT_FOUND" | "CONFLICT" | "WRONG_TYPE" | "PAYLOAD_TOO_LARGE" | "RATE_LIMITED" | "INTERNAL_ERROR" | "DB_INVALID_CREDENTIALS" | "DB_CONNECTION_FAILED" | "POOL_EXHAUSTED" | "DB_TLS_ERROR" | "DB_TIMEOUT";
/** One step of a connection test. */
export type TestStep = {
    /**
     * What was tried.
     * @enum {string}
     */
    name: "resolve" | "connect" | "tls" | "auth" | "ping" | "capabilities";
    /** Whether it succeeded. */
    ok: boolean;
    /**
     * How long it took, in milliseconds.
     */
    ms: number;
    /** Why it did not. */
    message?: string;
};
/** How a MongoDB server stands to others. */
export type MongoTopology = "standalone" | "replica_set" | "sharded";
/** A connection that was removed. */
export type RemovedConnection = {
    /** Its id. */
    id: string;
};
/** One page of a project's connections of one type. */
export type ProjectConnections = {
    /** The primary first, then in order of registration. */
    connections: Connection[];
    /** Where the next page begins; `null` on the last. */
    cursor: string | null;
};
/** A key and its string. */
export type StringKey = {
    /** The key. */
    key: TextOrBytes;
    /** The string; `null` if there is no such key. */
    value: TextOrBytes | null;
};
/** A key that was written. */
export type WrittenKey = {
    /** The key. */
    key: TextOrBytes;
    /** What it is now. */
    type: RedisType;
    /** Seconds to live, as given; −1 is for ever. */
    ttl: Integer64;
};
/** A 64-bit integer; as digits where a JSON number would lose some. */
export type Integer64 = number | {
    $numberLong: string;
};
/** What became of one command of a batch. */
export type BatchResult = {
    ok: RedisReply;
} | {
    error: Fault;
};
/** A reply without the kinds of its parts. */
export type RedisReply = null | boolean | Integer64 | TextOrBytes | RedisReply[] | {
    [key: string]: TextOrBytes;
};
/** A failure, as answers tell it. */
export type Fault = {
    /** For people. */
    message: string;
    /** For programs. */
    code: FailureCode;
    /** What else is known of it. */
    details: {
        [key: string]: unknown;
    };
    /** Whether the same request may succeed later. */
    retryable: boolean;
    /** What is known of a write. */
    outcome: Outcome;
    /** As in the log. */
    request_id: string;
};
/**
 * Whether the operation took effect on the server.
 *
 * A retry, by us or by the caller, is only safe after `not_applied`, or for reads.
 */
export type Outcome = "applied" | "not_applied" | "unknown";
/** A command that ran. */
export type CommandAnswer = {
    /** Its name, with that of a subcommand. */
    command: string;
    /** The permission that it needed. */
    access: Permission;
    /**
     * How many milliseconds it took.
     */
    ms: number;
    reply: ConsoleReply;
    /**
     * In a cluster, the slot of the command's keys.
     */
    slot?: number;
    /** In a cluster, the node that a command without keys ran on. */
    node?: ClusterNode;
};
/** What a user may do, or must be allowed to do. */
export type Permission = "read" | "write" | "admin";
/** A reply that says of which kind each part was. An object in it has one member, whose name is that of its kind: nothing in a reply can be taken for one. */
export type ConsoleReply = {
    $status: string;
} | {
    $double: string;
} | {
    $bigNumber: TextOrBytes;
} | {
    $verbatim: {
        format: string;
        text: string;
    };
} | {
    $set: ConsoleReply[];
} | {
    $map: [
        ConsoleReply,
        ConsoleReply
    ][];
} | {
    $error: {
        code: string;
        message: string;
    };
} | {
    $attribute: {
        attributes: [
            ConsoleReply,
            ConsoleReply
        ][];
        value: ConsoleReply;
    };
} | null | boolean | Integer64 | TextOrBytes | ConsoleReply[];
/** Which server of a cluster something is about. */
export type ClusterNode = {
    /** Its node id: 40 hexadecimal digits. */
    id: string;
    /** Its name or address. */
    host: string;
    /**
     * Its port.
     */
    port: number;
    /** As `INFO` has it. */
    role: NodeRole;
    /** The node id of its primary, for a replica. */
    primary?: string;
};
/** What a server of a cluster is to the others. */
export type NodeRole = "master" | "slave";
/** A page of the channels that have subscribers. */
export type ChannelPage = {
    /** On the first page without a `pattern`, also the patterns that this process subscribes to: the server tells no names of patterns. */
    channels: ListedChannel[];
    /**
     * How many patterns anybody subscribes to.
     */
    patterns: number;
    /**
     * How many channels there are on all pages.
     */
    total: number;
    /** `"0"` after the last page. */
    cursor: string;
    /** A node of the cluster could not be asked. */
    may_be_incomplete: boolean;
    warnings: Warnings;
};
/** A channel, or a pattern of channels, that has subscribers. */
export type ListedChannel = {
    channel: TextOrBytes;
    /**
     * Summed over the nodes of a cluster; `null` for a pattern, and where the user may not know.
     */
    subscribers: number | null;
    pattern: boolean;
    sharded: boolean;
    /**
     * Subscriptions of this process. Those of one user share a connection, and are one of the server's `subscribers`.
     */
    subscribers_here: number;
};
/** What could not be told, and why; each member once. */
export type Warnings = Warning[];
/** Something that could not be told. */
export type Warning = {
    /** The member that is `null`, or lacks something. */
    field: string;
    /** For programs. */
    code: FailureCode;
    /** For people. */
    message: string;
};
/** What became of a message. */
export type PublishedMessage = {
    /**
     * How many subscribers it was sent to.
     */
    subscribers_reached: number;
    counted_on: CountedOn;
};
/** Whose subscribers were counted. */
export type CountedOn = "server" | "node";
/** What a subscriber reads. */
export type SubscriptionMessage = {
    type: "message";
    /** The channel that it was published to. */
    channel: TextOrBytes;
    /** The pattern that it came by. */
    pattern?: TextOrBytes;
    /** Whether it is a sharded channel; not there where it is none. */
    sharded?: boolean;
    /** What was published. */
    data: TextOrBytes;
} | (TopicName & {
    type: "subscribed";
}) | (TopicName & {
    type: "unsubscribed";
}) | {
    type: "gap";
    /**
     * How many; `null` where nobody knows.
     */
    dropped: number | null;
    /** Why. */
    reason: GapReason;
    /** Not there for a pattern. */
    channel?: TextOrBytes;
    /** Not there for a channel. */
    pattern?: TextOrBytes;
    /** Whether it is a sharded channel; not there where it is none. */
    sharded?: boolean;
} | {
    type: "error";
    /** For programs. */
    code: FailureCode;
    /** For people. */
    message: string;
    /** Not there for a pattern. */
    channel?: TextOrBytes;
    /** Not there for a channel. */
    pattern?: TextOrBytes;
    /** Whether it is a sharded channel; not there where it is none. */
    sharded?: boolean;
} | (Cause & {
    type: "disconnected";
});
/** A channel or a pattern. */
export type TopicName = {
    /** Not there for a pattern. */
    channel?: TextOrBytes;
    /** Not there for a channel. */
    pattern?: TextOrBytes;
    /** Whether it is a sharded channel; not there where it is none. */
    sharded?: boolean;
};
/** Why messages were missed. */
export type GapReason = "slow_reader" | "reconnected" | "too_large";
/** Why something within an answer failed. */
export type Cause = {
    /** For programs. */
    code: FailureCode;
    /** For people. */
    message: string;
};
/** What the client asks for once it is connected. */
export type SubscriptionRequest = {
    type: SubscriptionVerb;
    /** The names of channels; of patterns with `psubscribe` and `punsubscribe`. To unsubscribe from none in particular is to unsubscribe from all of the kind. */
    channels?: TextOrBytes[];
};
export type SubscriptionVerb = ("subscribe" | "unsubscribe") | "psubscribe" | "punsubscribe" | "ssubscribe" | "sunsubscribe";
/** What is told of work on many keys. */
export type BulkRecord = {
    preview: KeyPreview;
} | KeysBulkRecord;
/** A key that would be changed. */
export type KeyPreview = {
    key: TextOrBytes;
    type: string;
    /**
     * Milliseconds since 1970; `null` where it does not expire, or the user may not know.
     */
    expires_at: number | null;
    /**
     * Bytes of memory, estimated; `null` where the user may not know.
     */
    size: number | null;
};
/** What is told of work. */
export type KeysBulkRecord = {
    progress: KeysBulkCounts;
} | {
    problem: WorkProblem;
} | {
    end: KeysBulkEnd;
} | KeysBulkJob;
/** How far it is; in a dry run, what would be done. */
export type KeysBulkCounts = {
    /**
     * Written, or changed.
     */
    done: number;
    /**
     * There was nothing to do.
     */
    skipped: number;
    /**
     * Could not be read, or not written.
     */
    failed: number;
    /**
     * May or may not have been written, and are never sent again.
     */
    unknown: number;
    /**
     * Looked at by the server.
     */
    examined: number;
    /**
     * Meant: the sum of `done`, `skipped`, `failed` and `unknown`.
     */
    matched: number;
    /** The node of a cluster that was walked through last; not there for others. */
    node?: string;
    /**
     * The last round trip, in milliseconds.
     */
    round_trip_ms: number;
    /**
     * What a round trip takes when nothing is slow, in milliseconds.
     */
    baseline_ms: number;
    /**
     * All pauses so far that the server was given, in milliseconds.
     */
    throttled_ms: number;
};
/** Something that is not what it should be, or may not be. */
export type WorkProblem = {
    /**
     * Of what is read from a file: its line, or its place among the records of a format without lines. From 1 on.
     */
    number?: number;
    /** Its key, if it has one: at most the first 1000 bytes. */
    key?: TextOrBytes;
    /** Whether it was written all the same. */
    outcome: Outcome;
    /** For programs. */
    code: FailureCode;
    /** For people, at most 500 characters. */
    message: string;
    /** What else is known of it. */
    details?: {
        [key: string]: unknown;
    };
};
/** What was done. */
export type KeysBulkEnd = {
    /**
     * Written, or changed.
     */
    done: number;
    /**
     * There was nothing to do.
     */
    skipped: number;
    /**
     * Could not be read, or not written.
     */
    failed: number;
    /**
     * May or may not have been written, and are never sent again.
     */
    unknown: number;
    /**
     * Looked at by the server.
     */
    examined: number;
    /**
     * Meant: the sum of `done`, `skipped`, `failed` and `unknown`.
     */
    matched: number;
    /** The node of a cluster that was walked through last; not there for others. */
    node?: string;
    /**
     * The last round trip, in milliseconds.
     */
    round_trip_ms: number;
    /**
     * What a round trip takes when nothing is slow, in milliseconds.
     */
    baseline_ms: number;
    /**
     * All pauses so far that the server was given, in milliseconds.
     */
    throttled_ms: number;
    ended_by: WorkEndedBy;
    /** `not_applied` where nothing was written; `unknown` where some may have been. */
    outcome: Outcome;
    /**
     * Problems that were counted and not told.
     */
    problems_untold: number;
    /** Slots moved or another server took over: keys may have been missed. */
    may_be_incomplete: boolean;
    /** Whether each key is counted once. With more than 900,000 keys not all are remembered; then the counts are those of visits. */
    exact: boolean;
    /**
     * Of a sample: how many keys would match in all.
     */
    estimated?: number;
};
/** Why work ended. */
export type WorkEndedBy = "completion" | "sample" | "stop" | "shutdown" | "leaving" | "failure";
/** What is to be done. */
export type KeysBulkJob = {
    /** With it the work is asked to stop. */
    job: string;
    /**
     * Of these records: 1.
     */
    version: number;
    /** Its name. */
    operation: string;
    /** Whether nothing is written. */
    dry_run: boolean;
    action: Action;
    /**
     * Of `expire`.
     */
    ttl?: number;
    /** Of `copy`: the connection. */
    to?: string;
    /** Of `copy`. */
    on_conflict?: OnConflict;
    /**
     * Keys of the database; `null` where the user may not know.
     */
    keyspace: number | null;
};
/** A line of an export. Times are milliseconds since 1970. */
export type ExportLine = {
    problem: UnreadKey;
} | {
    warning: Warning;
} | {
    gone: boolean;
} | {
    checkpoint: ExportCheckpoint;
} | {
    end: ExportEnd;
} | ExportHeader | ExportedKey | DumpedKey | ExportedPart | ExportedPending;
/** A key that could not be read. */
export type UnreadKey = {
    key: TextOrBytes;
    /** `null` where it is not known. */
    type: string | null;
    /** For programs. */
    code: FailureCode;
    /** For people. */
    message: string;
};
/** Where an export can be taken up. */
export type ExportCheckpoint = {
    cursor: string;
    /**
     * Complete keys.
     */
    keys: number;
    /**
     * Keys that could not be read.
     */
    skipped: number;
    lines: number;
    /** Of the lines, their ends included. */
    sha256: string;
};
/** What is said of the export as a whole. */
export type ExportEnd = {
    /**
     * Complete keys.
     */
    keys: number;
    /**
     * Keys that could not be read.
     */
    skipped: number;
    lines: number;
    /** Of the lines, their ends included. */
    sha256: string;
    /** Slots moved or another server took over: keys may have been missed. */
    may_be_incomplete: boolean;
    /** Whether each key occurs once. With more than 900,000 keys not all are remembered; and a key that could not be read may have been met again, and be there too. */
    exact: boolean;
};
/** What the export is of. */
export type ExportHeader = {
    /**
     * The version of the format: 1.
     */
    redis_export: number;
    /**
     * When it began.
     */
    at: number;
    server: ExportedFrom;
    filter: ExportFilter;
    /** The checkpoint that it goes on from, if it does. */
    continues?: string;
};
/** The server; `null` is what the user may not know. */
export type ExportedFrom = {
    version: string | null;
    /** `standalone`, `cluster` or `sentinel`. */
    mode: string | null;
};
/** Which keys were asked for; all of them where it is empty. */
export type ExportFilter = {
    /** Those that fit it. */
    pattern?: TextOrBytes;
    /** Those of this type. */
    type?: string;
    /**
     * Those of a list: how many it names.
     */
    keys?: number;
};
/** A key with its value, or the beginning of it. */
export type ExportedKey = {
    key: TextOrBytes;
    /** Not there where it does not expire. */
    expires_at?: Integer64;
    /** Of a stream: what it is besides its entries. */
    stream?: ExportedStream;
    /** Of a hash: fields that expire, and when. */
    field_expires?: [
        TextOrBytes,
        Integer64
    ][];
    /** Whether the next line goes on with it; not there where none does. */
    more?: boolean;
    /** Whether it was seen to change while it was read in parts; not there where it was not. */
    changed?: boolean;
} & ({
    type: "string";
    value: TextOrBytes;
} | {
    type: "hash";
    value: [
        TextOrBytes,
        TextOrBytes
    ][];
} | {
    type: "list";
    value: TextOrBytes[];
} | {
    type: "set";
    value: TextOrBytes[];
} | {
    type: "zset";
    value: [
        TextOrBytes,
        string
    ][];
} | {
    type: "stream";
    value: ExportedEntry[];
});
/** An entry of a stream. */
export type ExportedEntry = {
    id: string;
    /** Names and values, in their order. */
    fields: [
        TextOrBytes,
        TextOrBytes
    ][];
};
/** A stream without its entries. */
export type ExportedStream = {
    /** Of the last entry there ever was. */
    last_id: string;
    /** How many entries there ever were; servers before 7.0 do not tell. */
    entries_added?: Integer64;
    /** The greatest that was deleted; servers before 7.0 do not tell. */
    max_deleted_id?: string;
    groups: ExportedGroup[];
};
/** A consumer group. */
export type ExportedGroup = {
    name: TextOrBytes;
    last_delivered_id: string;
    /** Not there where the server does not know. */
    entries_read?: Integer64;
};
/** A module's value, as `DUMP` gave it. */
export type DumpedKey = {
    key: TextOrBytes;
    type: string;
    /** Not there where it does not expire. */
    expires_at?: Integer64;
    /** Base64. */
    dump: string;
    /** Without it, it is not imported. Not there where the installation has no encryption key. */
    seal?: string;
};
/** More of a value. */
export type ExportedPart = {
    part: PartOfValue;
    /** Of a hash: fields that expire, and when. */
    field_expires?: [
        TextOrBytes,
        Integer64
    ][];
    /** Whether the next line goes on with it; not there where none does. */
    more?: boolean;
    /** Whether it was seen to change while it was read in parts; not there where it was not. */
    changed?: boolean;
};
/** A part of a value, by the type of its key. */
export type PartOfValue = TextOrBytes | [
    TextOrBytes,
    TextOrBytes
][] | TextOrBytes[] | [
    TextOrBytes,
    string
][] | ExportedEntry[];
/** Deliveries of a stream that were not acknowledged. */
export type ExportedPending = {
    pending: PendingOfGroup;
    /** As in the first line of the key. */
    more?: boolean;
};
/** Deliveries of a consumer group that were not acknowledged. */
export type PendingOfGroup = {
    group: TextOrBytes;
    deliveries: ExportedDelivery[];
};
/** A delivery that was not acknowledged. */
export type ExportedDelivery = {
    /** The entry. */
    id: string;
    consumer: TextOrBytes;
    at: Integer64;
    /** How often it was delivered. */
    count: Integer64;
};
/** What is told of work. */
export type KeysImportRecord = {
    progress: KeysImportCounts;
} | {
    problem: WorkProblem;
} | {
    end: KeysImportEnd;
} | KeysImportJob;
/** How far it is; in a dry run, what would be done. */
export type KeysImportCounts = {
    /**
     * Written, or changed.
     */
    done: number;
    /**
     * There was nothing to do.
     */
    skipped: number;
    /**
     * Could not be read, or not written.
     */
    failed: number;
    /**
     * May or may not have been written, and are never sent again.
     */
    unknown: number;
    /**
     * The last line that was read.
     */
    line: number;
    /**
     * Bytes of all lines that were read.
     */
    bytes: number;
    /**
     * Keys whose time was over; they are left out.
     */
    expired: number;
    /** Where an import that goes on from here begins. */
    resume: string;
};
/** What was done. */
export type KeysImportEnd = {
    /**
     * Written, or changed.
     */
    done: number;
    /**
     * There was nothing to do.
     */
    skipped: number;
    /**
     * Could not be read, or not written.
     */
    failed: number;
    /**
     * May or may not have been written, and are never sent again.
     */
    unknown: number;
    /**
     * The last line that was read.
     */
    line: number;
    /**
     * Bytes of all lines that were read.
     */
    bytes: number;
    /**
     * Keys whose time was over; they are left out.
     */
    expired: number;
    /** Where an import that goes on from here begins. */
    resume: string;
    ended_by: WorkEndedBy;
    /** `not_applied` where nothing was written; `unknown` where some may have been. */
    outcome: Outcome;
    /**
     * Problems that were counted and not told.
     */
    problems_untold: number;
    checksum: Checksum;
};
/** What the checksum of the file said. */
export type Checksum = "right" | "wrong" | "missing";
/** What is to be done. */
export type KeysImportJob = {
    /** With it the work is asked to stop. */
    job: string;
    /**
     * Of these records: 1.
     */
    version: number;
    /** Its name. */
    operation: string;
    /** Whether nothing is written. */
    dry_run: boolean;
    on_conflict: OnConflict;
};
/** A database in the list of databases. */
export type DatabaseEntry = {
    /** Its name. */
    name: string;
    /**
     * Bytes on disk; `null` where the user may not know, or it was not asked for.
     */
    size_on_disk: number | null;
    /** Whether it holds no data; `null` as above. */
    empty: boolean | null;
    /**
     * How many collections and views it has; `null` where that took too long or is not allowed, or was not asked for.
     */
    collections: number | null;
};
/** A database that was made. */
export type DatabaseMade = {
    name: string;
    /** Its first collection. */
    collection: string;
};
/** What was removed. */
export type Dropped = {
    /** Its name. */
    dropped: string;
};
/** Sizes of a database. */
export type DatabaseSizes = {
    /** Its name. */
    db: string;
    /**
     * Collections.
     */
    collections: number;
    /**
     * Views.
     */
    views: number;
    /**
     * Documents.
     */
    objects: number;
    /**
     * Bytes of a document on average, whatever the scale.
     */
    avg_obj_size: number;
    /**
     * Size of the documents before compression.
     */
    data_size: number;
    /**
     * Size of the collections on disk.
     */
    storage_size: number;
    /**
     * Indexes.
     */
    indexes: number;
    /**
     * Size of the indexes on disk.
     */
    index_size: number;
    /**
     * Size of the collections and indexes on disk.
     */
    total_size: number;
    /**
     * Used on the file system that the data is on; `null` where the server does not tell.
     */
    fs_used_size: number | null;
    /**
     * Size of that file system; `null` where the server does not tell.
     */
    fs_total_size: number | null;
    /**
     * How many bytes one unit of the sizes stands for.
     */
    scale: number;
};
/** A collection in the list of collections. */
export type CollectionEntry = {
    /** Its name. */
    name: string;
    /** `collection`, `view` or `timeseries`, as the server names it. */
    type: string;
    /** What it is for those who use it. */
    kind: CollectionKind;
    /** What it was created with. */
    options: ShownDocument;
    /** Its sizes; `null` for a view, where they were not asked for, and where the collection did not tell them in time or to this user. */
    info: CollectionSizes | null;
};
/** What a collection is for those who use it. */
export type CollectionKind = "collection" | "capped" | "view" | "timeseries";
/** A document as MongoDB Extended JSON v2. */
export type ShownDocument = Record<string, unknown>;
/** Sizes of a collection. */
export type CollectionSizes = {
    /**
     * Documents; `null` for a time series, whose server does not count them.
     */
    count: number | null;
    /**
     * Bytes of the documents before compression.
     */
    size: number;
    /**
     * Bytes of a document on average; `null` for a time series.
     */
    avg_obj_size: number | null;
    /**
     * Bytes on disk.
     */
    storage_size: number;
    /**
     * Indexes.
     */
    indexes: number;
    /**
     * Bytes of the indexes on disk.
     */
    index_size: number;
    /** Whether it has a fixed size. */
    capped: boolean;
};
/** A collection that was made. */
export type CollectionMade = {
    name: string;
};
/** A collection that was changed. */
export type CollectionChanged = {
    /** The collection as it is now, without its sizes; `null` if it could not be looked at. */
    collection: CollectionEntry | null;
    /** What the server told of the change: of options the values before and after. */
    result: ShownDocument;
};
/** Which documents a validator would refuse. */
export type Validated = {
    /** Some of the documents that do not match. */
    documents: ShownDocument[];
    /** Whether all documents match; `null` if that could not be found out in time. */
    valid: boolean | null;
    /** How many do not match. */
    violating: DocumentCount;
    /** Whether fewer are shown than asked for, because they are too large together. */
    truncated: boolean;
};
/** How many documents there are. */
export type DocumentCount = {
    /**
     * The number; `null` if it took too long to find out.
     */
    value: number | null;
    /** How the number came about. */
    kind: DocumentCountKind;
};
/** How a number of documents came about. */
export type DocumentCountKind = "exact" | "estimate" | "timeout";
/** An index of a collection. */
export type IndexShown = {
    name: string;
    /** Its fields in their order: `1` or `-1`, or what else is kept of them. */
    key: ShownDocument | null;
    /** What it is good for. */
    kind: IndexKind;
    /** Whether it refuses documents with values that another has. */
    unique: boolean;
    /** Whether it leaves out documents without the fields. */
    sparse: boolean;
    /** Whether no query can use it. */
    hidden: boolean;
    /**
     * Seconds after the date in its field at which it removes documents; `null` if it does not.
     */
    ttl: number | null;
    /** Which documents are in it; `null` for all. */
    partial_filter: ShownDocument | null;
    /** How text is compared; `null` for byte by byte. */
    collation: ShownDocument | null;
    /** Which fields a wildcard index has; `null` for all. */
    wildcard_projection: ShownDocument | null;
    /** What else its definition says, as the server names it. */
    options: ShownDocument;
    /**
     * Bytes on disk; `null` where the connection's user may not know it.
     */
    size: number | null;
    /** How often it was used; `null` where the connection's user may not know it. */
    usage: IndexUsage | null;
    /** How far it is, while it is being built; else `null`. */
    building: IndexProgress | null;
    /** What speaks against keeping it as it is. */
    warnings: IndexAdvice[];
};
/** What an index is good for. */
export type IndexKind = "single" | "compound" | "text" | "2dsphere" | "2d" | "hashed" | "wildcard" | "clustered";
/** How often an index was used. Each server counts for itself, from when it was started or the index was made. */
export type IndexUsage = {
    /**
     * Operations on all servers that were asked.
     */
    ops: number;
    /** All of them have counted since then; `null` where one does not tell. */
    since: string | null;
    /** Server by server. */
    hosts: IndexHostUsage[];
};
/** How often one server used an index. */
export type IndexHostUsage = {
    /** The server. */
    host: string;
    /** Its shard, in a sharded cluster. */
    shard?: string;
    /**
     * Operations.
     */
    ops: number;
    /** It has counted since then; `null` where it does not tell. */
    since: string | null;
};
/** How far an index is while it is being built. */
export type IndexProgress = {
    /** What the server does, in its words; `null` where the user may not see it. */
    message: string | null;
    /**
     * How much of that is done; `null` where it is not told, as below.
     */
    done: number | null;
    /**
     * How much there is to do.
     */
    total: number | null;
    /**
     * For how many seconds it has been at it.
     */
    seconds: number | null;
};
/** What speaks against keeping an index as it is. */
export type IndexAdvice = {
    /** What it is. */
    kind: IndexAdviceKind;
    /** The same for people. */
    reason: string;
    /** The index that serves the same queries, if that speaks against it. */
    covered_by?: string;
};
/** What speaks against keeping an index as it is. */
export type IndexAdviceKind = "duplicate" | "prefix" | "unused" | "hidden";
/** An index that is asked for. */
export type IndexMade = {
    name: string;
    state: IndexState;
};
/** What became of an index that is asked for. */
export type IndexState = "built" | "exists" | "building";
/** How far an index is; the last record says that it is there. */
export type IndexRecord = {
    state: "building";
    name: string;
    /** What the server does, in its words; `null` where the user may not see it. */
    message: string | null;
    /**
     * How much of that is done; `null` where it is not told, as below.
     */
    done: number | null;
    /**
     * How much there is to do.
     */
    total: number | null;
    /**
     * For how many seconds it has been at it.
     */
    seconds: number | null;
} | {
    state: "built";
    name: string;
} | {
    state: "exists";
    name: string;
};
/** What the indexes of a collection take, and what they do for it. */
export type IndexStats = {
    /**
     * Bytes of all indexes on disk; `null` where the connection's user may not know it.
     */
    total_size: number | null;
    indexes: NamedFigures[];
    /** What could not be told. */
    warnings: Warnings;
};
/** What is known of an index beside its definition. */
export type NamedFigures = {
    name: string;
    /**
     * Bytes on disk; `null` where the connection's user may not know it.
     */
    size: number | null;
    /** How often it was used; `null` where the connection's user may not know it. */
    usage: IndexUsage | null;
    /** How far it is, while it is being built; else `null`. */
    building: IndexProgress | null;
    /** What speaks against keeping it as it is. */
    warnings: IndexAdvice[];
};
/** What a server says of itself. What the connection's user may not know is `null`, and `warnings` has why. */
export type MongoServer = {
    /** `7.0.14`. */
    version: string | null;
    /** The commit that it was built from. */
    git_version: string | null;
    /** `enterprise`, where it is. */
    modules: string[];
    /** Its memory allocator. */
    allocator: string | null;
    /**
     * Bits of its processor's addresses.
     */
    bits: number | null;
    /**
     * Bytes of a document at most.
     */
    max_document_bytes: number | null;
    /** How it stands to others. */
    topology: MongoTopology;
    /** Its own name and port. */
    host: string | null;
    /** `mongod` or `mongos`. */
    process: string | null;
    /** `wiredTiger`. */
    storage_engine: string | null;
    /**
     * Since it was started.
     */
    uptime_seconds: number | null;
    /** The server's clock, RFC 3339 in UTC. */
    local_time: string | null;
    connections: MongoConnections | null;
    /** Operations of clients since it was started. */
    opcounters: Opcounters | null;
    /** Operations that it replicated since. */
    opcounters_replicated: Opcounters | null;
    /** Operations at this moment. */
    operations: OperationQueue | null;
    memory: MongoMemory | null;
    /** Since it was started. */
    network: MongoNetwork | null;
    cache: StorageCache | null;
    /** The replica set that it is a member of, if it is. */
    replication: MongoReplication | null;
    /** The shards behind it, if it is a router. */
    shards: Shard[] | null;
    /** Our own connections to it. */
    pool: MongoPool;
    /** What the connection's user may not know. */
    warnings: Warnings;
};
/** Connections of all clients to a server. */
export type MongoConnections = {
    /**
     * Open at this moment.
     */
    current: number | null;
    /**
     * So many more may be opened.
     */
    available: number | null;
    /**
     * With an operation under way.
     */
    active: number | null;
    /**
     * Since it was started.
     */
    total_created: number | null;
};
/** How many operations of each kind there were. */
export type Opcounters = {
    insert: number;
    query: number;
    update: number;
    delete: number;
    getmore: number;
    command: number;
};
/** How many operations run, and how many wait for a lock. */
export type OperationQueue = {
    /**
     * Under way.
     */
    reading: number | null;
    /**
     * Under way.
     */
    writing: number | null;
    /**
     * Not begun.
     */
    waiting_to_read: number | null;
    /**
     * Not begun.
     */
    waiting_to_write: number | null;
};
/** The memory of a server's process. */
export type MongoMemory = {
    /**
     * In RAM.
     */
    resident_bytes: number | null;
    /**
     * Of its address space.
     */
    virtual_bytes: number | null;
};
/** What a server received and sent. */
export type MongoNetwork = {
    bytes_in: number | null;
    bytes_out: number | null;
    requests: number | null;
};
/** The cache of the storage engine. */
export type StorageCache = {
    max_bytes: number | null;
    used_bytes: number | null;
    /**
     * Not yet written to disk.
     */
    dirty_bytes: number | null;
    /**
     * Read into it since it was started.
     */
    read_bytes: number | null;
    /**
     * Written from it since it was started.
     */
    written_bytes: number | null;
};
/** The replica set that a server is a member of. */
export type MongoReplication = {
    /** Its name. */
    set: string | null;
    /** What this member is. */
    state: MemberState;
    /** This member's address. */
    me: string | null;
    /** The primary's address; `null` while there is none. */
    primary: string | null;
    /** Addresses of members that hold data. */
    hosts: string[];
    /** Addresses of members that can't become primary. */
    passives: string[];
    /** Addresses of members that only vote. */
    arbiters: string[];
    /** How the members do; empty where the user may not know. */
    members: ReplicaSetMember[];
};
/** What a member of a replica set is at this moment. */
export type MemberState = "primary" | "secondary" | "arbiter" | "other";
/** A member of a replica set. */
export type ReplicaSetMember = {
    /**
     * Its number.
     */
    id: number | null;
    /** Its address. */
    host: string;
    /** `PRIMARY`, `SECONDARY`, `RECOVERING`, … */
    state: string;
    /** Whether it answers. */
    healthy: boolean;
    /** Whether it is the one that was asked. */
    is_self: boolean;
    /**
     * Seconds since it was started.
     */
    uptime_seconds: number | null;
    /** When its last operation was made, RFC 3339 in UTC. */
    last_operation: string | null;
    /**
     * Seconds that it is behind the primary; of secondaries alone.
     */
    lag_seconds: number | null;
    /**
     * Milliseconds to it and back.
     */
    ping_ms: number | null;
    /** Where it copies from. */
    sync_source: string | null;
    /** What it has to say. */
    message: string | null;
};
/** A shard of a cluster. */
export type Shard = {
    /** Its name. */
    id: string;
    /** Its replica set and members: `set/host:port,…`. */
    host: string;
};
/** Connections of our own. */
export type MongoPool = {
    /**
     * Connections that are open.
     */
    open: number;
    /**
     * Connections that are working on a request.
     */
    in_use: number;
    /**
     * Requests that wait for a connection.
     */
    waiting: number;
    /**
     * How many may be open.
     */
    max: number;
};
/** Operations that run. */
export type RunningOperations = {
    /** The longest first. */
    operations: RunningOperation[];
    /** There are more. */
    truncated: boolean;
    /** That the connection's user may not see those of others. */
    warnings: Warnings;
};
/** An operation that runs. What the server does not say of it is `null`. */
export type RunningOperation = {
    /** Its number; with the shard's name before it in a sharded cluster: `"shard01:12345"`. */
    opid: OperationId | null;
    /** `op`, `idleSession` or `idleCursor`. */
    type: string | null;
    /** `query`, `insert`, `update`, `remove`, `getmore`, `command` or `none`. */
    op: string | null;
    /** Database and collection: `db.coll`. */
    ns: string | null;
    /** Whether it works, and is not idle. */
    active: boolean | null;
    /**
     * For how long it has been running.
     */
    seconds: number | null;
    /**
     * The same.
     */
    microseconds: number | null;
    /** The address it came from. */
    client: string | null;
    /** What the client calls itself. */
    app_name: string | null;
    /** `name@database`. */
    users: string[];
    /** What it is in the server's words. */
    desc: string | null;
    /** The server that runs it. */
    host: string | null;
    /** The shard that runs it. */
    shard: string | null;
    /** The command, without values unless they were asked for. */
    command: ShownDocument | null;
    /** For the next batch of a cursor: the command that opened it. */
    originating_command: ShownDocument | null;
    /** What its client wrote beside it. */
    comment: string | null;
    /** How it finds its documents: `COLLSCAN`, `IXSCAN { a: 1 }`. */
    plan_summary: string | null;
    /** What it does and how far it is. */
    message: string | null;
    /**
     * Steps of `total` that are done.
     */
    done: number | null;
    /**
     * Steps there are, of an operation that counts them.
     */
    total: number | null;
    /** Whether another one keeps it from going on. */
    waiting_for_lock: boolean | null;
    /** It was asked to end, and goes on until it can be interrupted. */
    kill_pending: boolean;
    /**
     * How often it let others go first.
     */
    yields: number | null;
    /** It was sent by this program: by this process or another of the same kind. */
    own: boolean;
    /** The request that sent it, where it is ours. */
    request_id: string | null;
    /** It belongs to no client: the server runs it for itself. */
    internal: boolean;
};
/** The number of an operation. */
export type OperationId = number | string;
/** What became of ending an operation. */
export type EndedOperation = {
    /** What was to be ended. */
    operation: RunningOperation;
    /** Whether it was gone a moment later; an operation ends where it can be interrupted. */
    ended: boolean;
};
/** A page of what a database's profiler recorded, and how it is set. */
export type ProfilerPage = {
    /**
     * `0` records nothing, `1` slow operations, `2` all; `null` where the user may not know.
     */
    level: number | null;
    /**
     * Milliseconds from which on an operation is slow.
     */
    slow_ms: number | null;
    /**
     * Which share of slow operations is recorded, from 0 to 1.
     */
    sample_rate: number | null;
    /** Which operations are recorded, instead of the slow ones. */
    filter: ShownDocument | null;
    /** From the newest on. */
    records: ProfilerRecord[];
    /** Where the next page begins; `null` on the last. */
    cursor: string | null;
    /** What the connection's user may not see. */
    warnings: Warnings;
};
/** An operation that was recorded. What the server did not record of it is `null`. */
export type ProfilerRecord = {
    /** When it had ended, RFC 3339 in UTC. */
    at: string | null;
    /** `query`, `insert`, `update`, `remove`, `getmore` or `command`. */
    op: string | null;
    /** Database and collection: `db.coll`. */
    ns: string | null;
    /**
     * How long it took.
     */
    milliseconds: number | null;
    /** How it found its documents: `COLLSCAN`, `IXSCAN { a: 1 }`. */
    plan_summary: string | null;
    /**
     * Keys of indexes.
     */
    keys_examined: number | null;
    documents_examined: number | null;
    /**
     * Documents.
     */
    returned: number | null;
    /**
     * Documents.
     */
    inserted: number | null;
    /**
     * Documents.
     */
    modified: number | null;
    /**
     * Documents.
     */
    deleted: number | null;
    response_bytes: number | null;
    /**
     * How often it let others go first.
     */
    yields: number | null;
    /** Whether it sorted what no index had in order. */
    sorted: boolean;
    /** Whether it needed more memory than it may have. */
    used_disk: boolean;
    /** The same for operations of the same shape. */
    query_hash: string | null;
    /** The address it came from. */
    client: string | null;
    /** What the client calls itself. */
    app_name: string | null;
    /** `name@database`. */
    user: string | null;
    /** It was sent by this program: by this process or another of the same kind. */
    own: boolean;
    /** The request that sent it, where it is ours. */
    request_id: string | null;
    /**
     * The server's code of its failure.
     */
    error_code: number | null;
    /** The name of that code. */
    error_name: string | null;
    /** The command, without values unless they were asked for. */
    command: ShownDocument | null;
    /** For the next batch of a cursor: the command that opened it. */
    originating_command: ShownDocument | null;
    /** How it was executed; only with values. */
    execution?: ShownDocument;
};
/** Keys, and what is told of each. */
export type KeyPage = {
    /** In no order, each once; there may be none on a page that is not the last. */
    keys: ListedKey[];
    /** Where to go on; `"0"` after the last page. */
    cursor: string;
    /**
     * How many keys were examined for this page.
     */
    total_scanned: number;
    /** Why there are not more keys on it. */
    ended_by: WalkEndedBy;
    /** Whether keys may have been missed because they moved between the nodes of the cluster. */
    may_be_incomplete: boolean;
    /** What could not be told. */
    warnings: Warnings;
};
/** A key, and of it what was asked for; `null` is what the connection's user may not ask. */
export type ListedKey = {
    /** The key. */
    key: TextOrBytes;
    /** `string`, `hash`, `list`, `set`, `zset`, `stream`, or a module's. */
    type?: string | null;
    /** The seconds that it has left; −1 has no end. */
    ttl?: Integer64 | null;
    /** The bytes of memory that it takes, about. */
    size?: number | null;
    /** As `OBJECT ENCODING` names it. */
    encoding?: string | null;
};
/** Why looking for keys ended. */
export type WalkEndedBy = "keys" | "examined" | "time" | "keyspace";
/** Namespaces with their counts, and how much of the keyspace these stand for. */
export type Tree = {
    /** Of a stream, those whose count has changed: it replaces what an earlier record said of them. */
    namespaces: Namespace[];
    /** Keys that are in no namespace of the levels that are counted; of a stream, those not named before. */
    keys: TextOrBytes[];
    /**
     * How many such keys there are.
     */
    leaf_keys: number;
    /**
     * Keys of namespaces that are not told apart, because there are too many.
     */
    other_keys: number;
    /**
     * Keys that were looked at; an estimate while the server filters them.
     */
    examined: number;
    /**
     * Keys of the database; `null` where the user may not know.
     */
    total: number | null;
    /** Whether this is the last of it. */
    done: boolean;
    /** Every key was examined, from the beginning on, and counted once. */
    complete: boolean;
    ended_by: WalkEndedBy;
    /** Where to go on; `"0"` after the last key. */
    cursor: string;
    /** There were more namespaces or keys than `limit`: some are counted without being named. */
    limited: boolean;
    /** Slots moved or another server took over: keys may have been missed, or counted twice. */
    may_be_incomplete: boolean;
    warnings: Warnings;
};
/** A namespace. */
export type Namespace = {
    /** What its keys begin with, separator included. */
    prefix: TextOrBytes;
    /**
     * Keys in it, however deep.
     */
    keys: number;
};
/** What is new; the last record also says how the walk ended. */
export type TreeRecord = {
    /** Of a stream, those whose count has changed: it replaces what an earlier record said of them. */
    namespaces: Namespace[];
    /** Keys that are in no namespace of the levels that are counted; of a stream, those not named before. */
    keys: TextOrBytes[];
    /**
     * How many such keys there are.
     */
    leaf_keys: number;
    /**
     * Keys of namespaces that are not told apart, because there are too many.
     */
    other_keys: number;
    /**
     * Keys that were looked at; an estimate while the server filters them.
     */
    examined: number;
    /**
     * Keys of the database; `null` where the user may not know.
     */
    total: number | null;
    /** Whether this is the last of it. */
    done: boolean;
    /** Every key was examined, from the beginning on, and counted once. */
    complete?: boolean;
    ended_by?: WalkEndedBy;
    /** Where to go on; `"0"` after the last key. */
    cursor?: string;
    /** There were more namespaces or keys than `limit`: some are counted without being named. */
    limited?: boolean;
    /** Slots moved or another server took over: keys may have been missed, or counted twice. */
    may_be_incomplete?: boolean;
    warnings?: Warnings;
};
/** A key with its value, or with a page of it. */
export type RedisKey = {
    /** The key. */
    key: TextOrBytes;
    /**
     * The bytes or elements of the whole value; `null` for a module's type.
     */
    length: number | null;
    /** Where to go on; `"0"` when nothing is left to read. */
    cursor: string;
    /** The seconds that the key has left; −1 has no end, −2 is gone, and `null` is what the connection's user may not ask. */
    ttl: Integer64 | null;
    /** The same in milliseconds. */
    ttl_ms: Integer64 | null;
    /** As `OBJECT ENCODING` names it; `null` where the connection's user may not ask. */
    encoding: string | null;
    /**
     * The bytes of memory that it takes, about; `null` where the connection's user may not ask.
     */
    size: number | null;
    /** What could not be told. */
    warnings: Warnings;
} | (RedisString & {
    type: "string";
}) | (HashFields & {
    type: "hash";
}) | {
    type: "list";
    values: TextOrBytes[];
} | {
    type: "set";
    members: TextOrBytes[];
} | {
    type: "zset";
    members: ScoredMember[];
    /**
     * How many there are between `min` and `max`, where these were given.
     */
    matched?: number;
} | {
    type: "stream";
    entries: StreamEntry[];
} | {
    /** As `TYPE` names it. */
    type: string;
    value: null;
    supported: false;
};
/** A string that counts distinct elements without holding them. */
export type HyperLogLog = {
    /**
     * How many the server estimates; `null` where the connection's user may not ask.
     */
    count: number | null;
    encoding: HyperLogLogEncoding;
};
/** @enum {string} */
export type HyperLogLogEncoding = "dense" | "sparse";
/** A string, or a window of it. */
export type RedisString = {
    /** Text, or bytes. A window of text ends between two characters. */
    value: TextOrBytes;
    /** Not there unless it is one. */
    hyperloglog?: HyperLogLog;
} | {
    /** The position of the first bit that is given. */
    offset: Integer64;
    /** `0` and `1`, the first being the highest of the first byte. */
    bits: string;
    /**
     * How many are 1 in the whole value; `null` where that is too much to count, or denied.
     */
    bit_count: number | null;
};
/** Fields of a hash. */
export type HashFields = {
    /** Those whose names are text. */
    fields: {
        [key: string]: TextOrBytes;
    };
    /** Those whose names are not, if there are any. */
    binary_fields?: [
        TextOrBytes,
        TextOrBytes
    ][];
    /** The seconds that fields have left which have a time to live of their own. */
    field_ttls?: {
        [key: string]: Integer64;
    };
    /** The same of fields whose names are no text. */
    binary_field_ttls?: [
        TextOrBytes,
        Integer64
    ][];
};
/** A member of a sorted set. */
export type ScoredMember = {
    member: TextOrBytes;
    /** As Redis spells it: `1.5`, `inf`, `-0`. */
    score: string;
};
/** An entry of a stream. */
export type StreamEntry = {
    id: string;
    /** In order; a name may occur more than once. */
    fields: [
        TextOrBytes,
        TextOrBytes
    ][];
};
/** A stream with its groups. */
export type StreamGroups = {
    /** The key. */
    key: TextOrBytes;
    stream: StreamFacts;
    /** The first thousand. */
    groups: GroupFacts[];
    /** Whether there are more. */
    truncated: boolean;
};
/** What `XINFO STREAM` says; what an older server does not know is not there. */
export type StreamFacts = {
    /**
     * Entries.
     */
    length: number;
    radix_tree_keys: number;
    radix_tree_nodes: number;
    /** The greatest id that an entry was given. */
    last_generated_id: string;
    /** The greatest id of an entry that was deleted. Redis 7 and later. */
    max_deleted_entry_id?: string;
    /** Entries that were ever added. Redis 7 and later. */
    entries_added?: Integer64;
    /** The id of the first entry. Redis 7 and later. */
    recorded_first_entry_id?: string;
    /**
     * How many groups there are.
     */
    groups: number;
} & {
    [key: string]: Fact;
};
export type Fact = null | Integer64 | TextOrBytes;
/** What `XINFO GROUPS` says of a group; what an older server does not know is not there. */
export type GroupFacts = {
    name: TextOrBytes;
    /**
     * How many it has.
     */
    consumers: number;
    /**
     * Entries that were delivered and not acknowledged.
     */
    pending: number;
    /** The entry behind which it goes on. */
    last_delivered_id: string;
    /** Entries that were delivered; `null` where that is not known. Redis 7 and later. */
    entries_read?: Integer64 | null;
    /** Entries that are yet to be delivered; `null` where that is not known. Redis 7 and later. */
    lag?: Integer64 | null;
} & {
    [key: string]: Fact;
};
/** The consumers of a group. */
export type GroupConsumers = {
    /** The key. */
    key: TextOrBytes;
    /** The first thousand. */
    consumers: ConsumerFacts[];
    /** Whether there are more. */
    truncated: boolean;
};
/** What `XINFO CONSUMERS` says of a consumer. */
export type ConsumerFacts = {
    name: TextOrBytes;
    /**
     * Entries that were delivered to it and not acknowledged.
     */
    pending: number;
    /** Milliseconds since it last tried to read, claim or acknowledge. */
    idle_ms: Integer64;
    /** Milliseconds since it last did; −1 if it never has. Redis 7.2 and later. */
    inactive_ms?: Integer64;
} & {
    [key: string]: Fact;
};
/** A page of a group's pending entries. */
export type PendingPage = {
    /** The key. */
    key: TextOrBytes;
    summary: PendingSummary;
    /** Those that were asked for, by id. */
    entries: PendingEntry[];
    /** Where to go on; `"0"` after the last page. */
    cursor: string;
};
/** All pending entries of a group. */
export type PendingSummary = {
    /**
     * How many there are.
     */
    pending: number;
    /** The lowest id; `null` where nothing is pending. */
    min_id: string | null;
    /** The highest id; `null` where nothing is pending. */
    max_id: string | null;
    /** The first thousand of those that have any. */
    consumers: ConsumerPending[];
};
/** How many pending entries a consumer has. */
export type ConsumerPending = {
    name: TextOrBytes;
    pending: number;
};
/** An entry that was delivered and not acknowledged. */
export type PendingEntry = {
    id: string;
    /** To whom it was delivered. */
    consumer: TextOrBytes;
    /** Milliseconds since it was. */
    idle_ms: Integer64;
    /** How often it was. */
    deliveries: Integer64;
};
/** A key that was edited. */
export type EditedKey = {
    /** The key. */
    key: TextOrBytes;
    /** What the key holds. */
    type?: RedisType;
    /** What it did; of which form is said with each edit. */
    result?: EditResult;
    /** The seconds that the key has left; −1 has no end, −2 is gone, and `null` is what the connection's user may not ask. */
    ttl: Integer64 | null;
    /** The same in milliseconds. */
    ttl_ms: Integer64 | null;
};
/** What an edit did. */
export type EditResult = {
    added: number;
} | {
    removed: number;
} | {
    length: number;
} | {
    value: Increased;
} | {
    score: string;
} | {
    previous: number;
} | {
    changed: number;
} | {
    fields: {
        /**
         * How many were changed.
         */
        changed: number;
        /**
         * How many there are not.
         */
        missing: number;
    };
} | {
    id: string;
} | {
    destroyed: number;
} | {
    acknowledged: number;
} | {
    claimed: string[];
} | {
    pending: number;
} | Record<string, unknown>;
/** A number that something was added to. */
export type Increased = Integer64 | string;
/** A key that is gone. */
export type DeletedKey = {
    /** The key. */
    key: TextOrBytes;
    /**
     * 1, or 0 where there was no such key.
     */
    deleted: number;
};
/** A key and the time that it has left now. */
export type KeyLifetime = {
    /** The key. */
    key: TextOrBytes;
    /** The seconds that the key has left; −1 has no end, −2 is gone, and `null` is what the connection's user may not ask. */
    ttl: Integer64 | null;
    /** The same in milliseconds. */
    ttl_ms: Integer64 | null;
};
/** A key that has another name now. */
export type RenamedKey = {
    /** The new name. */
    key: TextOrBytes;
    /** The name that it had. */
    renamed_from: TextOrBytes;
    /** The seconds that the key has left; −1 has no end, −2 is gone, and `null` is what the connection's user may not ask. */
    ttl: Integer64 | null;
    /** The same in milliseconds. */
    ttl_ms: Integer64 | null;
};
/** The copy of a key. */
export type CopiedKey = {
    /** The copy's name. */
    key: TextOrBytes;
    /** The key that it is a copy of. */
    copied_from: TextOrBytes;
    /** The seconds that the key has left; −1 has no end, −2 is gone, and `null` is what the connection's user may not ask. */
    ttl: Integer64 | null;
    /** The same in milliseconds. */
    ttl_ms: Integer64 | null;
};
/** What a server, or a cluster, says of itself. */
export type RedisInfo = {
    server: ServerSection | null;
    memory: MemorySection | null;
    stats: StatsSection | null;
    clients: ClientsSection | null;
    persistence: PersistenceSection | null;
    replication: Replication | null;
    cpu: CpuSection | null;
    /** The databases that have keys. */
    keyspace: Keyspace[] | null;
    /** The most used first. */
    commands: CommandStats[] | null;
    errors: ErrorCount[] | null;
    modules: RedisModule[] | null;
    /** Everything by section, as the server wrote it; of a cluster it is with each node. */
    raw?: InfoText;
    /** The nodes of a cluster, primaries first. */
    nodes?: NodeInfo[];
    warnings: Warnings;
};
/** The server and its host; `null` is what it does not tell. `mode` is `standalone`, `cluster` or `sentinel`. */
export type ServerSection = {
    name: string | null;
    version: string | null;
    mode: string | null;
    uptime_seconds: Integer64 | null;
    os: string | null;
    arch_bits: Integer64 | null;
    process_id: Integer64 | null;
    tcp_port: Integer64 | null;
    run_id: string | null;
    executable: string | null;
    config_file: string | null;
    io_threads_active: Integer64 | null;
};
/** Memory, in bytes; `null` is what the server does not tell. `max_memory` is 0 without a limit. */
export type MemorySection = {
    used_memory: Integer64 | null;
    used_memory_human: string | null;
    used_memory_rss: Integer64 | null;
    used_memory_peak: Integer64 | null;
    used_memory_overhead: Integer64 | null;
    used_memory_dataset: Integer64 | null;
    used_memory_scripts: Integer64 | null;
    total_system_memory: Integer64 | null;
    max_memory: Integer64 | null;
    max_memory_human: string | null;
    eviction_policy: string | null;
    fragmentation_ratio: number | null;
    mem_clients_normal: Integer64 | null;
    mem_replication_backlog: Integer64 | null;
    mem_allocator: string | null;
    lazyfree_pending_objects: Integer64 | null;
    active_defrag_running: boolean | null;
};
/** Counts since the server began; `null` is what it does not tell. `hit_rate`, from 0 to 1, is `null` before the first look-up. */
export type StatsSection = {
    total_commands_processed: Integer64 | null;
    ops_per_sec: Integer64 | null;
    keyspace_hits: Integer64 | null;
    keyspace_misses: Integer64 | null;
    hit_rate: number | null;
    total_connections_received: Integer64 | null;
    rejected_connections: Integer64 | null;
    expired_keys: Integer64 | null;
    evicted_keys: Integer64 | null;
    total_net_input_bytes: Integer64 | null;
    total_net_output_bytes: Integer64 | null;
    input_kbps: number | null;
    output_kbps: number | null;
    total_error_replies: Integer64 | null;
    pubsub_channels: Integer64 | null;
    pubsub_patterns: Integer64 | null;
    pubsub_shard_channels: Integer64 | null;
    latest_fork_usec: Integer64 | null;
    sync_full: Integer64 | null;
    sync_partial_ok: Integer64 | null;
    sync_partial_err: Integer64 | null;
    acl_access_denied_auth: Integer64 | null;
    acl_access_denied_cmd: Integer64 | null;
};
/** Connections, and the largest buffers of them in bytes; `null` is what the server does not tell. */
export type ClientsSection = {
    connected_clients: Integer64 | null;
    blocked_clients: Integer64 | null;
    max_clients: Integer64 | null;
    tracking_clients: Integer64 | null;
    pubsub_clients: Integer64 | null;
    client_recent_max_input_buffer: Integer64 | null;
    client_recent_max_output_buffer: Integer64 | null;
};
/** What is saved to files; `null` is what the server does not tell. `rdb_last_save_time` is in seconds since 1970, sizes are in bytes. */
export type PersistenceSection = {
    rdb_last_save_time: Integer64 | null;
    rdb_changes_since_last_save: Integer64 | null;
    rdb_bgsave_in_progress: boolean | null;
    rdb_last_bgsave_status: string | null;
    rdb_last_bgsave_time_sec: Integer64 | null;
    aof_enabled: boolean | null;
    aof_rewrite_in_progress: boolean | null;
    aof_last_bgrewrite_status: string | null;
    aof_last_write_status: string | null;
    aof_current_size: Integer64 | null;
    aof_base_size: Integer64 | null;
    loading: boolean | null;
    async_loading: boolean | null;
};
/** Who follows whom. */
export type Replication = {
    role: string | null;
    connected_slaves: Integer64 | null;
    master_replid: string | null;
    master_repl_offset: Integer64 | null;
    master_failover_state: string | null;
    repl_backlog_active: boolean | null;
    repl_backlog_size: Integer64 | null;
    repl_backlog_histlen: Integer64 | null;
    /** Of a primary: those that follow it. */
    replicas: ReplicaInfo[];
    /** Of a replica: whom it follows. */
    master?: PrimarySection;
};
/** A server that follows this one. */
export type ReplicaInfo = {
    /** Its name or address. */
    host: string;
    port: number | null;
    /** `online`, `wait_bgsave`, `send_bulk`, … */
    state: string;
    /**
     * How many bytes of the primary's changes it has confirmed.
     */
    offset: number | null;
    /**
     * Seconds since it last confirmed its offset.
     */
    lag_seconds: number | null;
    /**
     * Bytes that it has not confirmed yet.
     */
    lag_bytes: number | null;
};
/** Where a replica gets its data from; `null` is what it does not tell. */
export type PrimarySection = {
    host: string | null;
    port: Integer64 | null;
    link_status: string | null;
    last_io_seconds_ago: Integer64 | null;
    link_down_since_seconds: Integer64 | null;
    sync_in_progress: boolean | null;
    offset: Integer64 | null;
    priority: Integer64 | null;
    read_only: boolean | null;
};
/** Seconds of processor time; `null` is what the server does not tell. */
export type CpuSection = {
    used_cpu_sys: number | null;
    used_cpu_user: number | null;
    used_cpu_sys_children: number | null;
    used_cpu_user_children: number | null;
};
/** The keys of a database. */
export type Keyspace = {
    /**
     * The database's number.
     */
    db: number;
    keys: number;
    /**
     * Keys that expire.
     */
    expires: number;
    /**
     * Milliseconds that are left on average, of the keys that expire; of a cluster, weighted by their number.
     */
    avg_ttl_ms: number;
};
/** How often a command was called, and how long it took. */
export type CommandStats = {
    /** `get`, `config|get`. */
    command: string;
    calls: number;
    /**
     * Microseconds of all calls.
     */
    usec: number;
    usec_per_call: number | null;
    /**
     * Calls that were refused before they ran.
     */
    rejected_calls: number | null;
    /**
     * Calls that failed while they ran.
     */
    failed_calls: number | null;
    /** Microseconds by percentile, such as `p99.9`; of a cluster they are with each node. */
    percentiles_usec?: {
        [key: string]: number;
    };
};
/** How often an error was answered. */
export type ErrorCount = {
    /** The word that the server's errors begin with: `ERR`, `WRONGTYPE`. */
    code: string;
    count: number;
};
/** A module that is loaded. */
export type RedisModule = {
    name: string;
    /**
     * As the module counts them: `20813` may be 2.8.13.
     */
    version: number | null;
};
/** The sections as the server names and fills them. */
export type InfoText = {
    [key: string]: {
        [key: string]: string;
    };
};
/** A node of a cluster. */
export type NodeInfo = {
    /** Its node id: 40 hexadecimal digits. */
    id: string;
    /** Its name or address. */
    host: string;
    /**
     * Its port.
     */
    port: number;
    /** As `INFO` has it. */
    role: NodeRole;
    /** The node id of its primary, for a replica. */
    primary?: string;
    /** Why nothing is told of it. */
    error?: Cause;
    server: ServerSection | null;
    memory: MemorySection | null;
    stats: StatsSection | null;
    clients: ClientsSection | null;
    persistence: PersistenceSection | null;
    replication: Replication | null;
    cpu: CpuSection | null;
    /** The databases that have keys. */
    keyspace: Keyspace[] | null;
    /** The most used first. */
    commands: CommandStats[] | null;
    errors: ErrorCount[] | null;
    modules: RedisModule[] | null;
    /** Everything by section, as the server wrote it; of a cluster it is with each node. */
    raw?: InfoText;
};
/** What there was to see at one moment. */
export type RedisStats = {
    /**
     * Milliseconds since 1970.
     */
    at: number;
    memory: MemorySection | null;
    stats: StatsSection | null;
    clients: ClientsSection | null;
    cpu: CpuSection | null;
    /** The databases that have keys. */
    keyspace: Keyspace[] | null;
    /** What happened since the look before; `null` at the first one. */
    interval: StatsInterval | null;
    /** The nodes of a cluster, primaries first; else there are none. */
    nodes: NodeStats[];
    warnings: Warnings;
};
/** What happened between two looks. A counter that went backwards, as after a restart, is `null`. */
export type StatsInterval = {
    seconds: number;
    commands: number | null;
    ops_per_sec: number | null;
    keyspace_hits: number | null;
    keyspace_misses: number | null;
    /**
     * Of the look-ups of the interval; `null` without any.
     */
    hit_rate: number | null;
    net_input_bytes: number | null;
    net_output_bytes: number | null;
    net_input_bytes_per_sec: number | null;
    net_output_bytes_per_sec: number | null;
    expired_keys: number | null;
    evicted_keys: number | null;
    connections_received: number | null;
    rejected_connections: number | null;
    errors: number | null;
    /**
     * Of one processor; more than 100 where several were busy.
     */
    cpu_percent: number | null;
};
/** What there was to see of a node. */
export type NodeStats = {
    /** Its node id: 40 hexadecimal digits. */
    id: string;
    /** Its name or address. */
    host: string;
    /**
     * Its port.
     */
    port: number;
    /** As `INFO` has it. */
    role: NodeRole;
    /** The node id of its primary, for a replica. */
    primary?: string;
    /** Why nothing is told of it. */
    error?: Cause;
    memory: MemorySection | null;
    stats: StatsSection | null;
    clients: ClientsSection | null;
    cpu: CpuSection | null;
    /** The databases that have keys. */
    keyspace: Keyspace[] | null;
    /** What happened since the look before; `null` at the first one. */
    interval: StatsInterval | null;
};
/** The databases that have keys. */
export type RedisDatabases = {
    /** Those that have keys; of a cluster, summed over its primaries; `null` where the user may not know. */
    databases: Keyspace[] | null;
    /** The database that the connection uses. */
    current: CurrentDatabase;
    /**
     * How many databases the server has, whether there are keys in them or not; `null` where the user may not know.
     */
    count: number | null;
    /** The primaries of a cluster; not there without one. */
    nodes?: NodeSize[];
    warnings: Warnings;
};
/** The database that a connection uses. */
export type CurrentDatabase = {
    /**
     * Its number.
     */
    db: number;
    /**
     * `null` where the user may not know.
     */
    keys: number | null;
};
/** How many keys a node has. */
export type NodeSize = {
    /** Its node id: 40 hexadecimal digits. */
    id: string;
    /** Its name or address. */
    host: string;
    /**
     * Its port.
     */
    port: number;
    /** As `INFO` has it. */
    role: NodeRole;
    /** The node id of its primary, for a replica. */
    primary?: string;
    /**
     * `null` where the user may not know.
     */
    keys: number | null;
};
/** What takes the memory, as far as it is known by now. */
export type MemoryReport = {
    /**
     * Keys that were looked at; an estimate while the server filters them.
     */
    examined: number;
    /**
     * Keys of the database; `null` where the user may not know.
     */
    total: number | null;
    /** All keys that are meant. */
    all: MemoryShare;
    /**
     * Bytes that the server, or the cluster's primaries together, use for everything.
     */
    used_memory: number | null;
    /** The largest first. */
    types: TypeShare[];
    /** The largest first. Keys without a separator have the empty prefix. */
    prefixes: PrefixShare[];
    /** All further ones. */
    other_prefixes: MemoryShare;
    /** The largest keys that were seen. */
    biggest: RankedKey[];
    hot_keys: HotKeys;
    /** How far each primary of a cluster was walked through; not there without one. */
    nodes?: NodeProgress[];
    /** Whether this is the last of it. */
    done: boolean;
    /** Every key was examined: nothing is estimated. */
    complete: boolean;
    /** `null` until it has. */
    ended_by: WalkEndedBy | null;
    /** Slots moved, or a node was lost: keys may have been missed, or measured twice. */
    may_be_incomplete: boolean;
    warnings: Warnings;
};
/** A part of what was measured; `null` for what the user may not know. */
export type MemoryShare = {
    /**
     * Keys that were measured.
     */
    keys: number;
    /**
     * Bytes that they take.
     */
    bytes: number | null;
    average_bytes: number | null;
    largest_bytes: number | null;
    /**
     * What that makes of the whole keyspace.
     */
    estimated_keys: number | null;
    estimated_bytes: number | null;
};
/** What keys of a type take. */
export type TypeShare = {
    /** `unknown` where the user may not ask. */
    type: string;
    /**
     * Keys that were measured.
     */
    keys: number;
    /**
     * Bytes that they take.
     */
    bytes: number | null;
    average_bytes: number | null;
    largest_bytes: number | null;
    /**
     * What that makes of the whole keyspace.
     */
    estimated_keys: number | null;
    estimated_bytes: number | null;
};
/** What keys with a prefix take. */
export type PrefixShare = {
    prefix: TextOrBytes;
    /**
     * Keys that were measured.
     */
    keys: number;
    /**
     * Bytes that they take.
     */
    bytes: number | null;
    average_bytes: number | null;
    largest_bytes: number | null;
    /**
     * What that makes of the whole keyspace.
     */
    estimated_keys: number | null;
    estimated_bytes: number | null;
};
/** A key among the first by size or use. */
export type RankedKey = {
    key: TextOrBytes;
    /** `null` where the user may not ask. */
    type: string | null;
    /**
     * `null` where the user may not ask.
     */
    bytes: number | null;
    /**
     * The server's logarithmic counter, 0 to 255, where there is one.
     */
    frequency?: number;
};
/** The keys that are used most. */
export type HotKeys = {
    /** Whether the server counts how often keys are used, and the user may know. */
    available: boolean;
    /** The server's `maxmemory-policy`; `null` where the user may not know. */
    policy: string | null;
    /** Why there are none; else `null`. */
    reason: string | null;
    /** The most used first. */
    keys: RankedKey[];
};
/** How far a node was walked through. */
export type NodeProgress = {
    /** Its node id: 40 hexadecimal digits. */
    id: string;
    /** Its name or address. */
    host: string;
    /**
     * Its port.
     */
    port: number;
    /** As `INFO` has it. */
    role: NodeRole;
    /** The node id of its primary, for a replica. */
    primary?: string;
    examined: number;
    /**
     * Its keys; `null` where the user may not know.
     */
    total: number | null;
};
/** What was slow, the latest first. */
export type SlowLog = {
    /** `null` where the user may not know. */
    entries: LoggedCommand[] | null;
    /**
     * How many the servers keep; `null` where the user may not know.
     */
    total: number | null;
    /**
     * From how many microseconds on a command is logged; −1 logs none. `null` where the user may not know.
     */
    threshold_us: number | null;
    warnings: Warnings;
};
/** A command that was slow. */
export type LoggedCommand = {
    /**
     * Unique on its server.
     */
    id: number;
    /**
     * Milliseconds since 1970; the server knows the second.
     */
    at: number;
    duration_us: number;
    /** Without secrets. The server shortens long arguments, and long lists of them, and says so. */
    args: TextOrBytes[];
    /** Its address. */
    client: TextOrBytes | null;
    /** Empty where it gave itself none. */
    client_name: TextOrBytes | null;
    /** The node of a cluster that ran it. */
    node?: ClusterNode;
};
/** A page of clients, in the order of their nodes and ids. */
export type ClientPage = {
    /** `null` where the user may not know. */
    clients: ConnectedClient[] | null;
    /** `"0"` after the last page. */
    cursor: string;
    /**
     * How many there are in all, at this moment; `null` where the user may not know.
     */
    total: number | null;
    warnings: Warnings;
};
/** A client with what its server tells of it: `addr`, `name`, `age` and `idle` in seconds, `cmd`, `user` and more, with `_` for `-`; numbers where they are such. */
export type ConnectedClient = {
    /**
     * Unique on its server.
     */
    id: number;
    /** The node of a cluster that it is connected to. */
    node?: ClusterNode;
} & {
    [key: string]: Scalar;
};
/** A value; `null` where the server says nothing. */
export type Scalar = null | Integer64 | number | boolean | string;
/** What `CONFIG GET` tells. */
export type RedisSettings = {
    /** Values by name; of a cluster, those of its first node; `null` where the user may not know. A secret that is set is `(redacted)`, one that is not is empty. */
    settings: {
        [key: string]: string;
    } | null;
    /** The nodes of a cluster, not there without one, with what is set otherwise there. */
    nodes?: NodeSettings[];
    warnings: Warnings;
};
/** What is set otherwise at a node. */
export type NodeSettings = {
    /** Its node id: 40 hexadecimal digits. */
    id: string;
    /** Its name or address. */
    host: string;
    /**
     * Its port.
     */
    port: number;
    /** As `INFO` has it. */
    role: NodeRole;
    /** The node id of its primary, for a replica. */
    primary?: string;
    /** What `settings` does not say, or says otherwise. */
    differing: {
        [key: string]: string;
    };
};
/** One page of documents. */
export type DocumentsPage = {
    /** Texts where `as` asks for them. */
    documents: Document[];
    /** One for each document, for `if_match` of a change; `null` with a `projection`, which shows documents only in part. */
    etags: string[] | null;
    /**
     * The count's value; `null` if there is none.
     */
    total: number | null;
    /** How many documents match; `null` if that was not asked for, or expressions name values. */
    count: DocumentCount | null;
    /**
     * The number of the page, from 1.
     */
    page: number;
    /**
     * How many documents it may have.
     */
    page_size: number;
    /** Whether this is not the end. */
    has_more: boolean;
    /** Whether it has fewer documents than it may have because they are too large together. */
    truncated: boolean;
    /** Where the next page begins; `null` without `cursor` and at the end. It is `null` too where it can't be told, because of large values, of a projection that changes the fields that are sorted by, or of ids that may be equal; `has_more` says then that this is not the end, and `skip` leads on. */
    next_cursor: string | null;
};
/** What was inserted. */
export type DocumentsInserted = {
    /** The ids as texts: the digits of an `ObjectId`, a string as it is, anything else as canonical Extended JSON. */
    inserted_ids: string[];
    /** The ids themselves. */
    ids: CanonicalValue[];
    inserted_count: number;
};
/** A value of any type as canonical Extended JSON. */
export type CanonicalValue = unknown;
/** A document. */
export type DocumentShown = DocumentWithEtag | (Document | null);
/** A document and its state. */
export type DocumentWithEtag = {
    /** `null` if there is none. */
    document: Document | null;
    /** For `if_match` of a change; `null` if there is no document. */
    etag: string | null;
};
/** What became of a change. */
export type DocumentChanged = {
    /**
     * 1, or 0 if the document was made.
     */
    matched_count: number;
    /** The id of a document that was made; else `null`. */
    upserted_id: CanonicalValue | null;
    /** The document as it is after the change; `null` if it was deleted meanwhile. */
    document: Document | null;
    /** For `if_match` of the next change; `null` if there is no document. */
    etag: string | null;
};
/** What was deleted. */
export type DocumentDeleted = {
    /**
     * 1: a document that is not there is a failure.
     */
    deleted_count: number;
};
/** What was written; with `dry_run`, what would be reached. */
export type BulkAnswer = BulkPreview | BulkWritten;
/** What a bulk write would reach. */
export type BulkPreview = {
    /** `true`: nothing was written. */
    dry_run: boolean;
    /** Inserts reach no document and are left out. */
    writes: BulkReach[];
};
/** What one write would reach. */
export type BulkReach = {
    /**
     * Of the write, from 0.
     */
    index: number;
    /** How many documents match. A write to one document reaches the first of them. */
    matched: DocumentCount;
    /** Some of them. */
    sample: ShownDocument[];
};
/** What was written. */
export type BulkWritten = {
    inserted_count: number;
    /**
     * Documents that updates found.
     */
    matched_count: number;
    /**
     * Documents that updates changed.
     */
    modified_count: number;
    deleted_count: number;
    inserted: BulkMade[];
    /** Documents that updates made, because none matched. */
    upserted: BulkMade[];
};
/** A document that a write made. */
export type BulkMade = {
    /**
     * Of the write, from 0.
     */
    index: number;
    _id: CanonicalValue;
};
/** What the stages of a pipeline do. */
export type PipelinePreview = {
    /** What the stages are shown on. */
    sample: PipelineSample;
    /** In the pipeline's order. */
    stages: StagePreview[];
};
/** The documents that the stages are shown on. */
export type PipelineSample = {
    /**
     * How many were asked for.
     */
    size: number;
    /**
     * It is taken after so many stages.
     */
    after: number;
    /**
     * How many there are; `null` if counting took too long.
     */
    documents: number | null;
    /** It holds everything, so that nothing misleads. */
    whole: boolean;
};
/** What one stage does. */
export type StagePreview = {
    /** The first that it gives. */
    documents: ShownDocument[];
    /** Its name: `$match`. */
    stage: string;
    /** It gives more documents than are shown. */
    has_more: boolean;
    /**
     * How many it gives on the sample; `null` if counting took too long, and of a stage that was not run.
     */
    count: number | null;
    /**
     * Milliseconds until its first documents were there; `null` of a stage that was not run.
     */
    ms: number | null;
    /** Why its result on a sample differs from that on everything. */
    misleading: string | null;
    /** Why it failed. */
    error: Cause | null;
    /** Why it was not run: it writes, or a stage before it failed. */
    skipped: string | null;
};
/** The different values of a field. */
export type DistinctValues = {
    /** Of any types, as Extended JSON. The elements of arrays count by themselves. */
    values: unknown[];
    /** Whether there are more. */
    truncated: boolean;
    /** How they were found. */
    found_by: FoundBy;
};
/** How the values were found. */
export type FoundBy = "distinct" | "aggregation";
/** What documents look like. */
export type SampleShown = {
    /** How the documents were chosen. */
    method: SampleMethod;
    /** Why no more of them were looked at. */
    ended_by: SampleEnd;
    /**
     * How long it took.
     */
    ms: number;
    /**
     * How many were looked at.
     */
    documents: number;
    /**
     * How large they are together.
     */
    bytes: number;
    /**
     * How many fields are told of.
     */
    paths: number;
    /** Whether there was more than is kept: too many fields, too many items in an array, or names that are too long. */
    cut: boolean;
    /**
     * Values that are in no field because of that.
     */
    left_out: number;
    /** A field is followed by what is inside of it. */
    fields: FieldShown[];
};
/** Why a sample ended. */
export type SampleEnd = "size" | "end" | "time";
/** A field, or the items of an array. */
export type FieldShown = {
    /** Names with dots between them; `[]` stands for the items of an array. */
    path: string;
    /** The names one by one; `null` stands for the items of an array. */
    keys: (string | null)[];
    /**
     * Documents that have it.
     */
    documents: number;
    /**
     * Their share of all documents, up to 1.
     */
    presence: number;
    /**
     * How often it was seen; in an array of documents that may be several times in one document.
     */
    occurrences: number;
    /**
     * The share of the embedded documents it stands in that have it; `null` for items.
     */
    presence_in_parent: number | null;
    /** How many different values the sample has of it, but for documents and arrays. */
    cardinality: Cardinality;
    /** What its values are, the most frequent type first. */
    types: TypeShown[];
};
/** How many different values there are in a sample. */
export type Cardinality = {
    value: number;
    kind: CardinalityKind;
};
/** @enum {string} */
export type CardinalityKind = "exact" | "estimate";
/** The values of one type in a field. What does not apply to the type is not there. */
export type TypeShown = {
    /** As `$type` calls it: `string`, `int`, `objectId`… */
    type: string;
    count: number;
    /**
     * Of all values of the field, up to 1.
     */
    share: number;
    /** The least value, as Extended JSON; of long text the beginning, with `…` after it. */
    min?: unknown;
    /** The greatest value. */
    max?: unknown;
    /** Characters of text, bytes of binary data, items of arrays, fields of documents. */
    length?: Length;
    /** Those that come most often. */
    values?: FrequentValue[];
};
/** How long values are. */
export type Length = {
    min: number;
    max: number;
    /**
     * A number that is written without a fraction where it has none.
     */
    average: number;
};
/** A value that comes often. */
export type FrequentValue = {
    /** As Extended JSON. */
    value: unknown;
    /**
     * Never too small.
     */
    count: number;
    /**
     * By how much the count may be too large.
     */
    error: number;
};
/** How far a sample is; the last record is what came of it. */
export type SampleRecord = {
    progress: SampleProgress;
} | {
    schema: SampleShown;
};
/** How far a sample is. */
export type SampleProgress = {
    /**
     * How many were looked at.
     */
    documents: number;
    ms: number;
};
/** How the server finds what is asked for. */
export type Explanation = {
    /** Whether it was run. */
    executed: boolean;
    /** What that means, for people; `null` if it was not run. */
    note: string | null;
    summary: PlanSummary;
    /** The stage that gives the result, with those that feed it; `null` if the server's explanation holds none. */
    plan: PlanStage | null;
    /** The server's own explanation; `null` if it was not asked for, or is larger than an answer may be. */
    raw: ShownDocument | null;
};
/** An explanation in short. */
export type PlanSummary = {
    /** `null` where the explanation does not tell. */
    engine: PlanEngine | null;
    /**
     * Documents in the result; `null` if it was not run, or merged from several shards.
     */
    returned: number | null;
    /**
     * Documents read from collections; `null` if it was not run, as for the figures below.
     */
    docs_examined: number | null;
    /**
     * Index keys read.
     */
    keys_examined: number | null;
    /**
     * Milliseconds; of several shards the slowest.
     */
    ms: number | null;
    /** Names of the indexes used. */
    indexes: string[];
    /** Whether all that is asked for is in the index, and no document was read. */
    covered: boolean;
    /**
     * Plans that were considered and not chosen.
     */
    rejected_plans: number;
    /** What makes it slow, or will. */
    warnings: PlanWarning[];
};
/** What runs a query. */
export type PlanEngine = "classic" | "sbe" | "mixed";
/** Something that makes an operation slow. */
export type PlanWarning = {
    /** For programs. */
    code: PlanWarningCode;
    /** For people. */
    message: string;
    /** The stage it is about. */
    stage?: string;
};
/** What makes an operation slow. */
export type PlanWarningCode = "collection_scan" | "in_memory_sort" | "spilled_to_disk" | "examined_more_than_returned" | "index_examined_more_than_returned" | "lookup_without_index";
/** A stage of a plan. Documents come from its children and go to its parent; the root gives the result. */
export type PlanStage = {
    /** What it does: `IXSCAN`, `FETCH`, `SORT`, `$group`… */
    stage: string;
    /** The shard that it runs on, where there are several. */
    shard?: string;
    /** The index it reads. */
    index?: PlanIndex;
    /** Which part of the index, as the server writes it: by field `["[1, 5]"]`. */
    bounds?: unknown;
    /** `forward` or `backward`. */
    direction?: string;
    /** What it is told: a filter, a sort order, a limit… */
    detail?: unknown;
    /**
     * Documents it read; `null` if it was not run, as for the figures below.
     */
    docs_examined: number | null;
    /**
     * Index keys it read.
     */
    keys_examined: number | null;
    /**
     * Documents it gave to its parent.
     */
    returned: number | null;
    /**
     * Milliseconds, with those of its children.
     */
    ms: number | null;
    /** Its memory was not enough; not there otherwise. */
    used_disk?: boolean;
    /** Where its documents come from. */
    children: PlanStage[];
};
/** An index. */
export type PlanIndex = {
    /** Its name. */
    name: string;
    /** Its keys; as text where the server writes them as text. */
    keys?: unknown;
};
/** What a watcher is told. Tokens are canonical Extended JSON. */
export type WatchMessage = {
    type: "change";
    /** The server's event, with its `operationType`. */
    change: ShownDocument;
    /** To begin after it. */
    resume_token: ShownDocument;
} | {
    type: "progress";
    /** To begin here. */
    resume_token: ShownDocument | null;
} | (Cause & {
    type: "disconnected";
}) | {
    type: "invalidate";
    /** For `startAfter`. */
    resume_token: ShownDocument | null;
} | {
    type: "gap";
    /** Why. */
    reason: WatchGap;
    /** The last one that was told. */
    resume_token: ShownDocument | null;
};
/** Why changes are missing. */
export type WatchGap = "history_lost";
/** Whoever watches has nothing to say. */
export type Silence = unknown;
/** What is told of work. */
export type DocumentsImportRecord = {
    progress: DocumentsImportCounts;
} | {
    problem: WorkProblem;
} | {
    end: DocumentsImportEnd;
} | DocumentsImportJob;
/** How far it is; in a dry run, what would be done. */
export type DocumentsImportCounts = {
    /**
     * Written, or changed.
     */
    done: number;
    /**
     * There was nothing to do.
     */
    skipped: number;
    /**
     * Could not be read, or not written.
     */
    failed: number;
    /**
     * May or may not have been written, and are never sent again.
     */
    unknown: number;
    /**
     * Records of the body, those before `resume` among them.
     */
    read: number;
    /**
     * Documents that were not there before.
     */
    inserted: number;
    /**
     * Documents that took the place of others.
     */
    replaced: number;
    /** Where an import that goes on from here begins. */
    resume: string;
};
/** What was done. */
export type DocumentsImportEnd = {
    /**
     * Written, or changed.
     */
    done: number;
    /**
     * There was nothing to do.
     */
    skipped: number;
    /**
     * Could not be read, or not written.
     */
    failed: number;
    /**
     * May or may not have been written, and are never sent again.
     */
    unknown: number;
    /**
     * Records of the body, those before `resume` among them.
     */
    read: number;
    /**
     * Documents that were not there before.
     */
    inserted: number;
    /**
     * Documents that took the place of others.
     */
    replaced: number;
    /** Where an import that goes on from here begins. */
    resume: string;
    ended_by: WorkEndedBy;
    /** `not_applied` where nothing was written; `unknown` where some may have been. */
    outcome: Outcome;
    /**
     * Problems that were counted and not told.
     */
    problems_untold: number;
};
/** What is to be done. */
export type DocumentsImportJob = {
    /** With it the work is asked to stop. */
    job: string;
    /**
     * Of these records: 1.
     */
    version: number;
    /** Its name. */
    operation: string;
    /** Whether nothing is written. */
    dry_run: boolean;
    on_conflict: OnConflict;
};
/** The rows of a statement, and what else is known of it. */
export type Queried = {
    /** As `format` says: objects by column, or arrays in the order of `columns`. */
    rows: Row[];
    /**
     * Rows affected as the server counts them, else rows returned. Of a read that was cut, those that are answered; what may write runs to its end, and all of its rows count.
     */
    row_count: number;
    /** First word of the server's command tag: `SELECT`, `INSERT`, `CREATE`. */
    command: string | null;
    /** There were more rows than the row cap or the byte cap let through. */
    truncated: boolean;
    /** What the server remarked: `RAISE NOTICE`, `NOTICE: … skipping`; at most a hundred. */
    notices: Notice[];
    /** Result columns; empty for a statement that returns no rows. */
    columns: Column[];
};
/** `{"column": value}`, or `[value]`. */
export type Row = {
    [key: string]: unknown;
} | unknown[];
/** A message of the server that is not an error. */
export type Notice = {
    /** `NOTICE`, `WARNING`, `INFO`, … */
    severity: string;
    /** SQLSTATE. */
    code: string;
    /** The text. */
    message: string;
    /** More about it. */
    detail?: string;
    /** What to do about it. */
    hint?: string;
};
/** A result column. */
export type Column = {
    /** Name, as the statement gives it. */
    name: string;
    /**
     * `pg_type.oid`; for a domain that of its base type.
     */
    type_oid: number;
    /** `pg_type.typname`: `int4`, `_text` for `text[]`; `null` where it could not be found out. */
    type: string | null;
};
/** A table. */
export type Table = {
    /**
     * Its oid.
     */
    id: number;
    schema: string;
    name: string;
    rls_enabled: boolean;
    rls_forced: boolean;
    replica_identity: ReplicaIdentity;
    /**
     * With its indexes and what is kept out of line.
     */
    bytes: number;
    /** The same for people. */
    size: string;
    live_rows_estimate: number;
    dead_rows_estimate: number;
    comment: string | null;
    primary_keys: PrimaryKey[];
    relationships: Relationship[];
    /** Not there without `include_columns`. */
    columns?: TableColumn[];
};
/** @enum {string} */
export type ReplicaIdentity = "DEFAULT" | "INDEX" | "FULL" | "NOTHING";
/** A column of a primary key. */
export type PrimaryKey = {
    table_id: number;
    schema: string;
    table_name: string;
    name: string;
};
/** A foreign key from or to the table, once for each pair of columns. */
export type Relationship = {
    id: number;
    constraint_name: string;
    source_schema: string;
    source_table_name: string;
    source_column_name: string;
    target_table_schema: string;
    target_table_name: string;
    target_column_name: string;
};
/** A column of a table. */
export type TableColumn = {
    table_id: number;
    schema: string;
    table: string;
    /** Oid of the table, a dot, and the column's number. */
    id: string;
    ordinal_position: number;
    name: string;
    /** The expression, as SQL. */
    default_value: unknown;
    /** As `information_schema` says it: `ARRAY`, `USER-DEFINED`, or the type's name. */
    data_type: string;
    /** `pg_type.typname`, of a domain's base type. */
    format: string;
    is_identity: boolean;
    /** `ALWAYS` or `BY DEFAULT`. */
    identity_generation: string | null;
    is_generated: boolean;
    is_nullable: boolean;
    is_updatable: boolean;
    is_unique: boolean;
    /** The values of an enum. */
    enums: string[];
    /** The first check of this column alone. */
    check: string | null;
    comment: string | null;
};
/** How a service answered when it was asked for its health. */
export type ServiceHealth = {
    /** Whether the status is a success. */
    healthy: boolean;
    /**
     * How long the answer took.
     */
    latency_ms: number;
    /**
     * The HTTP status, whichever it was.
     */
    status: number;
    /** Header values by name; one that came several times is joined by commas. */
    headers: {
        [key: string]: TextOrBytes;
    };
    /** The service's own JSON, byte for byte, where it is JSON by type and by content; else text, or its bytes; `null` where there is none. */
    body: unknown;
};
/** What a service answered. */
export type ServiceAnswer = {
    /**
     * The HTTP status, whichever it was.
     */
    status: number;
    /** Header values by name; one that came several times is joined by commas. */
    headers: {
        [key: string]: TextOrBytes;
    };
    /** The service's own JSON, byte for byte, where it is JSON by type and by content; else text, or its bytes; `null` where there is none. */
    body: unknown;
};
/** How this process is. */
export type Health = {
    /** `degraded` while the platform database can't be reached. */
    status: HealthStatus;
    /** Of the package. */
    version: string;
    uptime_seconds: number;
    /** `null` where there is none: connections from the environment work without. */
    platform_database: PlatformHealth | null;
};
/** @enum {string} */
export type HealthStatus = "ok" | "degraded";
export type PlatformHealth = {
    /** Whether it could be reached when it was last needed; `null` if it never was. */
    ok: boolean | null;
};
/** The clients of this process. */
export type PoolsShown = {
    /** Those of connections that the user may see. */
    pools: PoolStatus[];
    /**
     * How many clients this process keeps at most.
     */
    max_clients: number;
};
/** One client, as `GET /multidb/pools` shows it. */
export type PoolStatus = {
    /** `{project_id}:{type}:{connection_id}`. */
    key: string;
    /** Id of the connection. */
    connection_id: string;
    /**
     * Version of the connection it was made for.
     */
    version: number;
    /** `ready`, `connecting` or `empty`. */
    state: string;
    /**
     * Requests that hold it.
     */
    leases: number;
    /**
     * Connections that are open.
     */
    open: number;
    /**
     * Connections that are working on a request.
     */
    in_use: number;
    /**
     * Requests that wait for a connection.
     */
    waiting: number;
    /**
     * Milliseconds since it was last used; `null` while it is in use.
     */
    idle_ms: number | null;
    /**
     * Milliseconds since the entry was made.
     */
    age_ms: number;
    /** Whether callers are refused because the endpoint keeps failing. */
    circuit_open: boolean;
    /** The last failure, until the next success. */
    last_error: string | null;
};
/** Work that was asked to stop. */
export type StoppingJob = {
    job: string;
    /** Always: whether it has stopped is its own stream's to say. */
    stopping: boolean;
};
/** The body of a failed request. */
export type Failure = {
    /** The same as in `error`. */
    message: string;
    error: Fault;
};
/** What a run did, or in a dry run would do. */
export type MigrationReport = {
    /** Whether nothing was changed. */
    dry_run: boolean;
    /** The files in order. */
    migrations: Migration[];
    /** What is imported from an older Studio's table of databases. */
    imported: ImportedConnections;
    /** What else in the database uses that table. */
    readers: OldTableReader[];
    /** Where secrets lie in plain text, and what removes them. */
    plaintext: PlaintextSecrets[];
    /** What the database warned of, and what else somebody should know. */
    warnings: string[];
};
/** One migration file. */
export type Migration = {
    /** File name without its ending. */
    name: string;
    /** SHA-256 of the file, in hexadecimal. */
    checksum: string;
    /** What happened to it. */
    state: MigrationState;
};
/** What happened, or in a dry run would happen, to one file. */
export type MigrationState = "present" | "pending" | "applied";
/** What was imported, or in a dry run would be. */
export type ImportedConnections = {
    /**
     * Connections that work as they are.
     */
    connections: number;
    /** Connections that somebody has to look at, and why. They were imported all the same. */
    needing_attention: ImportAttention[];
};
/** A row of the old table that somebody has to look at. */
export type ImportAttention = {
    /** Its id, the same in both tables. */
    id: string;
    /** `ref` of its project. */
    project_ref: string;
    /** What it was called. */
    name: string;
    /** What it is called now. */
    identifier: string;
    /** The state that it was imported in. */
    status: string;
    /** Why. */
    reasons: string[];
};
/** Something that depends on the old table. */
export type OldTableReader = {
    /** `view`, `function`, `policy`, `foreign key` and so on. */
    kind: string;
    /** What it is called. */
    name: string;
    /** What the migration means for it. */
    says: string;
    /** A statement that mends it, or what is to be done, where that can be said. */
    mend?: string;
};
/** A relation with secrets in it that nothing protects. */
export type PlaintextSecrets = {
    /** Its name. */
    relation: string;
    /** Its columns that hold secrets. */
    columns: string[];
    /**
     * Rows with a secret in them; the count ends at a thousand.
     */
    rows: number;
    /** What removes them, one after the other; what reads another relation comes after it. */
    statements: string[];
};
/** What a run of [`Registry::rotate_keys`] did. */
export type KeyRotation = {
    /**
     * Rows looked at.
     */
    rows: number;
    /**
     * Rows sealed again.
     */
    resealed: number;
    /**
     * Rows that were already sealed under the first key, or hold no secret.
     */
    unchanged: number;
    /** Rows whose secret does not open; they were left as they are. */
    failed: FailedRotation[];
};
/** A row that could not be sealed again. */
export type FailedRotation = {
    /** The connection. */
    id: string;
    /** Why. */
    message: string;
};
