// Generated from openapi.json; not to be edited.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Which connections to list. */
        RegistryDatabasesListInput: {
            /** @description Of the project with this `ref` only. */
            project_ref?: string | null;
            /** @description Of this type only. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description In this state only. */
            status?: components["schemas"]["ConnectionStatus"] | null;
            /**
             * Format: uint32
             * @description At most this many, 1 to 1000; 100 when not given.
             */
            limit?: number | null;
            /** @description The `cursor` that the page before answered with. */
            cursor?: string | null;
        };
        RegistryDatabasesListAnswer: components["schemas"]["ConnectionPage"];
        /** @description A connection that is to be registered. */
        RegistryDatabasesCreateInput: {
            /** @description The project's `ref` or id; in a path below a project it is not needed. */
            project_ref?: string | null;
            /** @description Its type; in a path of one type it is not needed. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description Its name, unique in the project: lower-case letters, digits and hyphens. */
            identifier: string;
            /** @description What people should know about it. */
            description?: string | null;
            /**
             * @description Take the place of the project's primary of this type.
             * @default false
             */
            is_primary?: boolean;
            /**
             * @description Save it without trying it, as INACTIVE.
             * @default false
             */
            skip_test?: boolean;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
        };
        RegistryDatabasesCreateAnswer: components["schemas"]["Connection"];
        /** @description Which connections to count. */
        RegistryDatabasesStatsInput: {
            /** @description Of the project with this `ref` only. */
            project_ref?: string | null;
        };
        RegistryDatabasesStatsAnswer: components["schemas"]["ConnectionStats"];
        /** @description Which connections, and whether to try them. */
        RegistryDatabasesHealthInput: {
            /** @description Of the project with this `ref` only. */
            project_ref?: string | null;
            /** @description Of this type only. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /**
             * Format: uint32
             * @description At most this many, 1 to 1000; 100 when not given.
             */
            limit?: number | null;
            /** @description The `cursor` that the page before answered with. */
            cursor?: string | null;
            /**
             * @description Try each connection now, and note the result.
             * @default false
             */
            probe?: boolean;
        };
        RegistryDatabasesHealthAnswer: components["schemas"]["ConnectionsHealth"];
        /** @description A target that is tried without being saved. */
        RegistryDatabasesTestUnsavedInput: {
            /** @description The project it is meant for: its `ref` or id. */
            project_ref?: string | null;
            /** @description Its type. Not needed with `connection_id`. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description A saved connection that the rest of the input changes, before the change is saved. */
            connection_id?: string | null;
            /**
             * @description What it will be called. A test has no use for these three, but a form that is tried before it
             *     is saved has them.
             */
            identifier?: string | null;
            /** @description What people should know about it. */
            description?: string | null;
            /**
             * @description Whether it will be the primary.
             * @default false
             */
            is_primary?: boolean;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
        };
        RegistryDatabasesTestUnsavedAnswer: components["schemas"]["TestResult"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RegistryDatabasesGetInput: {
            /** @description Id of the connection. */
            id: string;
        };
        RegistryDatabasesGetAnswer: components["schemas"]["Connection"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        RegistryDatabasesUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["ConnectionStatus"] | null;
            /** @description The type can't change; where it is given, it must be what it is. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
            /** @description Id of the connection. */
            id: string;
        };
        RegistryDatabasesUpdateAnswer: components["schemas"]["Connection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RegistryDatabasesDeleteInput: {
            /** @description Id of the connection. */
            id: string;
        };
        RegistryDatabasesDeleteAnswer: components["schemas"]["RemovedConnection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RegistryDatabasesTestInput: {
            /** @description Id of the connection. */
            id: string;
        };
        RegistryDatabasesTestAnswer: components["schemas"]["TestResult"];
        /** @description Which part of the list. */
        RedisConnectionsListInput: {
            /**
             * Format: uint32
             * @description At most this many, 1 to 1000; 100 when not given.
             */
            limit?: number | null;
            /** @description The `cursor` that the page before answered with. */
            cursor?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
        };
        RedisConnectionsListAnswer: components["schemas"]["ProjectConnections"];
        /** @description A connection that is to be registered. */
        RedisConnectionsCreateInput: {
            /** @description The project's `ref` or id; in a path below a project it is not needed. */
            project_ref?: string | null;
            /** @description Its type; in a path of one type it is not needed. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description Its name, unique in the project: lower-case letters, digits and hyphens. */
            identifier: string;
            /** @description What people should know about it. */
            description?: string | null;
            /**
             * @description Take the place of the project's primary of this type.
             * @default false
             */
            is_primary?: boolean;
            /**
             * @description Save it without trying it, as INACTIVE.
             * @default false
             */
            skip_test?: boolean;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
        };
        RedisConnectionsCreateAnswer: components["schemas"]["Connection"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        RedisConnectionsUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["ConnectionStatus"] | null;
            /** @description The type can't change; where it is given, it must be what it is. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        RedisConnectionsUpdateAnswer: components["schemas"]["Connection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RedisConnectionsDeleteInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        RedisConnectionsDeleteAnswer: components["schemas"]["RemovedConnection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RedisConnectionsTestInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        RedisConnectionsTestAnswer: components["schemas"]["TestResult"];
        /** @description Which part of the list. */
        MongodbConnectionsListInput: {
            /**
             * Format: uint32
             * @description At most this many, 1 to 1000; 100 when not given.
             */
            limit?: number | null;
            /** @description The `cursor` that the page before answered with. */
            cursor?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
        };
        MongodbConnectionsListAnswer: components["schemas"]["ProjectConnections"];
        /** @description A connection that is to be registered. */
        MongodbConnectionsCreateInput: {
            /** @description The project's `ref` or id; in a path below a project it is not needed. */
            project_ref?: string | null;
            /** @description Its type; in a path of one type it is not needed. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description Its name, unique in the project: lower-case letters, digits and hyphens. */
            identifier: string;
            /** @description What people should know about it. */
            description?: string | null;
            /**
             * @description Take the place of the project's primary of this type.
             * @default false
             */
            is_primary?: boolean;
            /**
             * @description Save it without trying it, as INACTIVE.
             * @default false
             */
            skip_test?: boolean;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
        };
        MongodbConnectionsCreateAnswer: components["schemas"]["Connection"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        MongodbConnectionsUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["ConnectionStatus"] | null;
            /** @description The type can't change; where it is given, it must be what it is. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        MongodbConnectionsUpdateAnswer: components["schemas"]["Connection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        MongodbConnectionsDeleteInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        MongodbConnectionsDeleteAnswer: components["schemas"]["RemovedConnection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        MongodbConnectionsTestInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        MongodbConnectionsTestAnswer: components["schemas"]["TestResult"];
        /** @description Which part of the list. */
        PostgresConnectionsListInput: {
            /**
             * Format: uint32
             * @description At most this many, 1 to 1000; 100 when not given.
             */
            limit?: number | null;
            /** @description The `cursor` that the page before answered with. */
            cursor?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
        };
        PostgresConnectionsListAnswer: components["schemas"]["ProjectConnections"];
        /** @description A connection that is to be registered. */
        PostgresConnectionsCreateInput: {
            /** @description The project's `ref` or id; in a path below a project it is not needed. */
            project_ref?: string | null;
            /** @description Its type; in a path of one type it is not needed. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description Its name, unique in the project: lower-case letters, digits and hyphens. */
            identifier: string;
            /** @description What people should know about it. */
            description?: string | null;
            /**
             * @description Take the place of the project's primary of this type.
             * @default false
             */
            is_primary?: boolean;
            /**
             * @description Save it without trying it, as INACTIVE.
             * @default false
             */
            skip_test?: boolean;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
        };
        PostgresConnectionsCreateAnswer: components["schemas"]["Connection"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        PostgresConnectionsUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["ConnectionStatus"] | null;
            /** @description The type can't change; where it is given, it must be what it is. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        PostgresConnectionsUpdateAnswer: components["schemas"]["Connection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        PostgresConnectionsDeleteInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        PostgresConnectionsDeleteAnswer: components["schemas"]["RemovedConnection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        PostgresConnectionsTestInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        PostgresConnectionsTestAnswer: components["schemas"]["TestResult"];
        /** @description Which part of the list. */
        BunConnectionsListInput: {
            /**
             * Format: uint32
             * @description At most this many, 1 to 1000; 100 when not given.
             */
            limit?: number | null;
            /** @description The `cursor` that the page before answered with. */
            cursor?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
        };
        BunConnectionsListAnswer: components["schemas"]["ProjectConnections"];
        /** @description A connection that is to be registered. */
        BunConnectionsCreateInput: {
            /** @description The project's `ref` or id; in a path below a project it is not needed. */
            project_ref?: string | null;
            /** @description Its type; in a path of one type it is not needed. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description Its name, unique in the project: lower-case letters, digits and hyphens. */
            identifier: string;
            /** @description What people should know about it. */
            description?: string | null;
            /**
             * @description Take the place of the project's primary of this type.
             * @default false
             */
            is_primary?: boolean;
            /**
             * @description Save it without trying it, as INACTIVE.
             * @default false
             */
            skip_test?: boolean;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
        };
        BunConnectionsCreateAnswer: components["schemas"]["Connection"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        BunConnectionsUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["ConnectionStatus"] | null;
            /** @description The type can't change; where it is given, it must be what it is. */
            database_type?: components["schemas"]["DatabaseType"] | null;
            /** @description `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`. */
            connection_string?: string | null;
            /**
             * @description Host name or address.
             * @default null
             */
            host?: string | null;
            /**
             * Format: uint16
             * @description TCP port.
             * @default null
             */
            port?: number | null;
            /**
             * @description Database to use; the number of one for Redis.
             * @default null
             */
            database_name?: string | null;
            /**
             * @description User or role.
             * @default null
             */
            username?: string | null;
            /** @description Password; the API key of a Bun API. */
            password?: string | null;
            /**
             * @description Options by name; only those on the list of the database type are accepted.
             * @default null
             */
            options?: {
                [key: string]: unknown;
            } | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        BunConnectionsUpdateAnswer: components["schemas"]["Connection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        BunConnectionsDeleteInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        BunConnectionsDeleteAnswer: components["schemas"]["RemovedConnection"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        BunConnectionsTestInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        BunConnectionsTestAnswer: components["schemas"]["TestResult"];
        /** @description A key. */
        RedisGetInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisGetAnswer: components["schemas"]["Undeclared"];
        /** @description A key and its new string. */
        RedisSetInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The string. */
            value: components["schemas"]["TextOrBytes"];
            /**
             * Format: int64
             * @description Seconds to live; −1, the default, is for ever.
             */
            ttl?: number | null;
            /**
             * @description Only if the key does not exist.
             * @default false
             */
            nx?: boolean;
            /**
             * @description Only if the key exists.
             * @default false
             */
            xx?: boolean;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisSetAnswer: components["schemas"]["Undeclared"];
        /** @description The commands. */
        RedisBatchInput: {
            /** @description Each `[name, key, …]`: a command about one key that does not block. */
            commands: components["schemas"]["TextOrBytes"][][];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisBatchAnswer: components["schemas"]["Undeclared"];
        /** @description A command. */
        RedisCommandInput: {
            /** @description The command's name and its arguments. Either these or `line`. */
            args?: components["schemas"]["TextOrBytes"][] | null;
            /** @description The same as one line, with quotes and `\xNN` as `redis-cli` reads them. */
            line?: string | null;
            /**
             * @description Required of commands that need admin permission: they affect everybody, or cost much.
             * @default false
             */
            confirm?: boolean;
            /**
             * @description In a cluster, where a command without keys goes: a node's id, or `host:port`. Default: any
             *     primary.
             */
            node?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisCommandAnswer: components["schemas"]["Undeclared"];
        /** @description Which channels. */
        RedisPubsubChannelsInput: {
            /** @description Only channels that this glob pattern matches. */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description How `pattern` is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description Where the page before ended. */
            cursor?: string | null;
            /**
             * Format: uint
             * @description Channels per page, 1 to 1000; default 100.
             */
            limit?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisPubsubChannelsAnswer: components["schemas"]["ChannelPage"];
        /** @description A message and where it goes. */
        RedisPubsubPublishInput: {
            /** @description The channel. */
            channel: components["schemas"]["TextOrBytes"];
            /** @description The message. */
            message: components["schemas"]["Message"];
            /**
             * @description As a sharded channel of a cluster.
             * @default false
             */
            sharded?: boolean;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisPubsubPublishAnswer: components["schemas"]["PublishedMessage"];
        /** @description What to subscribe to at first. More can be asked for in messages. */
        RedisPubsubSubscribeInput: {
            /** @description Channels. */
            channels?: components["schemas"]["TextOrBytes"][];
            /** @description Glob patterns of channels. */
            patterns?: components["schemas"]["TextOrBytes"][];
            /** @description Sharded channels. */
            shard_channels?: components["schemas"]["TextOrBytes"][];
            /** @description How all of them are spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisPubsubSubscribeMessage: components["schemas"]["SubscriptionMessage"];
        RedisPubsubSubscribeRequest: components["schemas"]["SubscriptionRequest"];
        /** @description What to do to which keys. */
        RedisBulkInput: {
            /** @description What to do to each key. */
            action: components["schemas"]["Action"];
            /** @description These keys, at most 100,000. Else `pattern`, `type` or both. */
            keys?: components["schemas"]["TextOrBytes"][] | null;
            /** @description Keys that fit this glob pattern. */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description Keys of this type. */
            type?: string | null;
            /**
             * Format: int64
             * @description For `expire`: the seconds that each key has left.
             */
            ttl?: number | null;
            /**
             * @description For `copy`: the id of the connection to copy to, a Redis connection of the same project on
             *     which the user has write permission.
             */
            to?: string | null;
            /** @description For `copy`: what happens to keys that are there already: `skip` (default), `replace` or `fail`. */
            on_conflict?: components["schemas"]["OnConflict"] | null;
            /**
             * @description Needed where the pattern is made of wildcards alone, such as `*`, where nine tenths of the
             *     database's keys or more fit, and where most do and the pattern does not say what their names begin
             *     with.
             * @default false
             */
            confirm?: boolean;
            /**
             * @description Only counts what would be done, exactly, and shows the first keys.
             * @default false
             */
            dry_run?: boolean;
            /**
             * Format: uint64
             * @description For a dry run: looks at about so many keys and estimates the rest.
             */
            sample?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisBulkRecord: components["schemas"]["BulkRecord"];
        /** @description Which work. */
        RedisJobsStopInput: {
            /** @description The `job` of the first record. */
            job: string;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisJobsStopAnswer: components["schemas"]["StoppingJob"];
        /** @description Which keys. */
        RedisExportInput: {
            /** @description Glob pattern; default: all keys. */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description How `pattern` is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description Only keys of this type. */
            type?: string | null;
            /** @description The last checkpoint's, to go on where an export was cut off; with the same pattern and type. */
            cursor?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisExportRecord: components["schemas"]["ExportLine"];
        /** @description Which keys. */
        RedisExportKeysInput: {
            /** @description These keys, at most 100,000; those that are not there are left out. */
            keys: components["schemas"]["TextOrBytes"][];
            /** @description The last checkpoint's, to go on where an export was cut off; with the same keys. */
            cursor?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisExportKeysRecord: components["schemas"]["ExportLine"];
        /** @description How to import. The body is what an export gave. */
        RedisImportInput: {
            /** @description What happens to keys that are there already: `skip` (default), `replace` or `fail`. */
            on_conflict?: components["schemas"]["OnConflict"];
            /** @description `keep` (default) or `none`. */
            ttl?: components["schemas"]["Ttl"];
            /**
             * @description Reads and checks everything, looks which keys are there, and writes nothing.
             * @default false
             */
            dry_run?: boolean;
            /**
             * Format: uint64
             * @description The first line to write: the `resume_line` of an import that was cut off. The lines before it
             *     must be sent too; they are summed and not written.
             */
            from_line?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisImportRecord: components["schemas"]["ImportRecord"];
        /** @description Which databases, and what of them. */
        MongodbDatabasesListInput: {
            /**
             * Format: uint
             * @description How many at most; 1000 if not given, and at most.
             */
            limit?: number | null;
            /** @description Begin after the database of this name; databases are listed by name. */
            after?: string | null;
            /** @description Whether to ask for sizes and collections; it does unless this is `false`. */
            info?: boolean | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDatabasesListAnswer: components["schemas"]["DatabaseEntry"][];
        /** @description A new database. */
        MongodbDatabasesCreateInput: {
            /** @description Its name. */
            name: string;
            /** @description Name of its first collection: servers keep no database without one. */
            collection: string;
            /** @description How the collection is made. */
            options?: components["schemas"]["CreateOptions"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDatabasesCreateAnswer: components["schemas"]["DatabaseMade"];
        /** @description Which database. */
        MongodbDatabasesDropInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Its name once more. */
            confirm?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDatabasesDropAnswer: components["schemas"]["Dropped"];
        /** @description Which database. */
        MongodbDatabasesStatsInput: {
            /** @description Name of the database. */
            db: string;
            /**
             * Format: int32
             * @description How many bytes one unit of the sizes stands for, such as 1024; 1 if not given.
             */
            scale?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDatabasesStatsAnswer: components["schemas"]["DatabaseSizes"];
        /** @description Which collections, and what of them. */
        MongodbCollectionsListInput: {
            /** @description Name of the database. */
            db: string;
            /**
             * Format: uint
             * @description How many at most; 1000 if not given, and at most.
             */
            limit?: number | null;
            /** @description Begin after the collection of this name; collections are listed by name. */
            after?: string | null;
            /** @description Whether to ask each collection for its sizes; it does unless this is `false`. */
            info?: boolean | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbCollectionsListAnswer: components["schemas"]["CollectionEntry"][];
        /** @description A new collection or view. */
        MongodbCollectionsCreateInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            name: string;
            /** @description How it is made. */
            options?: components["schemas"]["CreateOptions"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbCollectionsCreateAnswer: components["schemas"]["CollectionMade"];
        /** @description Which collection. */
        MongodbCollectionsDropInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description The collection's name once more. */
            confirm?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbCollectionsDropAnswer: components["schemas"]["Dropped"];
        /** @description Which collection, and one of `rename`, `options`, `index` and `convert_to_capped`. */
        MongodbCollectionsChangeInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description Its new name. */
            rename?: string | null;
            /** @description The database of the new name; no other than its own is possible. */
            to_db?: string | null;
            /**
             * @description Remove the collection that has the new name, which `confirm` must repeat.
             * @default false
             */
            drop_target?: boolean;
            /** @description Options to change. */
            options?: components["schemas"]["ChangedOptions"] | null;
            /**
             * @description Refuse the new validator with `CONFLICT` if a document that is there does not match it.
             * @default false
             */
            if_valid?: boolean;
            /** @description An index to change. */
            index?: components["schemas"]["ChangedIndex"] | null;
            /**
             * Format: int64
             * @description Give it a fixed size of so many bytes: its oldest documents that do not fit and all indexes are
             *     removed, and `confirm` must repeat its name.
             */
            convert_to_capped?: number | null;
            /** @description The name of what is removed. */
            confirm?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbCollectionsChangeAnswer: components["schemas"]["CollectionChanged"];
        /** @description Which documents, and by which rules. */
        MongodbCollectionsValidateInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description The rules: `{ "$jsonSchema": … }` or a query. */
            validator: components["schemas"]["Document"];
            /**
             * Format: uint32
             * @description How many of the documents to show at most; 20 if not given, at most 1000.
             */
            limit?: number | null;
            /**
             * Format: uint64
             * @description Milliseconds to look for them; 10000 if not given, and never more than the request has left.
             */
            max_time_ms?: number | null;
            /** @description How to show them. */
            ejson?: components["schemas"]["Mode"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbCollectionsValidateAnswer: components["schemas"]["Validated"];
        /** @description Which collection. */
        MongodbIndexesListInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbIndexesListAnswer: components["schemas"]["IndexShown"][];
        /** @description A new index. */
        MongodbIndexesCreateInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /**
             * @description The fields in their order: `1`, `-1`, `"text"`, `"2dsphere"`, `"2d"` or `"hashed"`; a field
             *     `$**` stands for all.
             */
            key: components["schemas"]["Document"];
            /** @description How it is made. */
            options?: components["schemas"]["IndexOptions"];
            /**
             * @description How many members of a replica set must be ready before it is used: a number, `majority`,
             *     `votingMembers` or a tag.
             */
            commit_quorum?: components["schemas"]["Quorum"] | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbIndexesCreateAnswer: components["schemas"]["IndexMade"];
        MongodbIndexesCreateRecord: components["schemas"]["IndexRecord"];
        /** @description Which collection. */
        MongodbIndexesStatsInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbIndexesStatsAnswer: components["schemas"]["IndexStats"];
        /** @description Which index. */
        MongodbIndexesDropInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description The index's exact name. */
            name: string;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbIndexesDropAnswer: components["schemas"]["Dropped"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        MongodbServerInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbServerAnswer: components["schemas"]["MongoServer"];
        /** @description Which operations. */
        MongodbOperationsListInput: {
            /**
             * @description Also show connections and cursors that do nothing.
             * @default false
             */
            idle?: boolean;
            /**
             * Format: int64
             * @description Only operations that run for at least so many seconds.
             */
            min_seconds?: number | null;
            /** @description Only operations on this database, or on this collection: `db.coll`. */
            ns?: string | null;
            /**
             * @description Show the values in commands, such as what a filter looks for. Without, they are `?`. Passwords
             *     and keys are never shown.
             * @default false
             */
            values?: boolean;
            /**
             * Format: uint32
             * @description How many at most; 100 if not given, at most 1000.
             */
            limit?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbOperationsListAnswer: components["schemas"]["RunningOperations"];
        /** @description Which operation. */
        MongodbOperationsKillInput: {
            /** @description Its number, with the shard's name before it in a sharded cluster: `12345`, `shard01:12345`. */
            opid: string;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbOperationsKillAnswer: components["schemas"]["EndedOperation"];
        /** @description Which records. */
        MongodbProfileInput: {
            /** @description Name of the database. */
            db: string;
            /**
             * Format: int64
             * @description Only operations that took at least so many milliseconds.
             */
            min_ms?: number | null;
            /** @description Only operations on this collection. */
            coll?: string | null;
            /** @description Only operations of this kind: `query`, `insert`, `update`, `remove`, `getmore` or `command`. */
            op?: string | null;
            /**
             * @description Show the values in commands, and how they were executed. Without, values are `?`.
             * @default false
             */
            values?: boolean;
            /**
             * Format: uint32
             * @description How many at most; 100 if not given, at most 1000.
             */
            limit?: number | null;
            /** @description Where the page before ended. */
            cursor?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbProfileAnswer: components["schemas"]["ProfilerPage"];
        /** @description Which keys. */
        RedisKeysListInput: {
            /** @description Glob pattern; without special characters it names one key. Default: all keys. */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description Only keys that begin with this, whatever characters it has; instead of `pattern`. */
            prefix?: components["schemas"]["TextOrBytes"] | null;
            /** @description How `pattern` or `prefix` is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description Only keys of this type: `string`, `hash`, `list`, `set`, `zset`, `stream`, or a module's. */
            type?: string | null;
            /** @description `"0"` at first, then the `cursor` of the last page; the last page has `"0"` again. */
            cursor?: components["schemas"]["TextOrBytes"] | null;
            /**
             * Format: uint32
             * @description Keys per page, 1 to 1000; default 100. A page may have a few more, and fewer.
             */
            count?: number | null;
            /**
             * Format: uint64
             * @description Keys that are examined before the page is given as it is; default 100 000, at most
             *     1 000 000. It may be exceeded by one call's work.
             */
            max_examined?: number | null;
            /**
             * Format: uint64
             * @description Milliseconds after which the page is given as it is; default 2000, from 10 to 10 000.
             */
            max_ms?: number | null;
            /** @description What is told of each key; default `type,ttl,size`. */
            with?: components["schemas"]["Detail"][] | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysListAnswer: components["schemas"]["Undeclared"];
        /** @description What to count. */
        RedisTreeInput: {
            /** @description Only keys that begin with this, whatever characters it has: the `prefix` of a namespace. */
            prefix?: components["schemas"]["TextOrBytes"] | null;
            /** @description What ends a namespace, 1 to 16 bytes; default `:`. */
            separator?: components["schemas"]["TextOrBytes"] | null;
            /** @description How `prefix` and `separator` are spelt. */
            encoding?: components["schemas"]["Encoding"];
            /**
             * Format: uint32
             * @description Levels below the prefix that are counted, 1 to 8; default 1.
             */
            depth?: number | null;
            /** @description Only keys of this type. */
            type?: string | null;
            /**
             * Format: uint
             * @description Namespaces that are told apart, and keys whose names are given; default 1000, which is also
             *     the most; 10 000 as a stream. The keys of further ones are counted in `other_keys`.
             */
            limit?: number | null;
            /** @description Where the answer before ended. Counts are of this answer alone: add them up. */
            cursor?: components["schemas"]["TextOrBytes"] | null;
            /**
             * Format: uint64
             * @description Keys that are examined before the answer is given as it is; default 100 000, at most
             *     1 000 000. A stream goes on to the end.
             */
            max_examined?: number | null;
            /**
             * Format: uint64
             * @description Milliseconds after which the answer is given as it is; default 2000, from 10 to 10 000. A
             *     stream goes on to the end.
             */
            max_ms?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisTreeAnswer: components["schemas"]["Tree"];
        RedisTreeRecord: components["schemas"]["TreeRecord"];
        /** @description Which key, and which part of its value. */
        RedisKeysGetInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How `key` and `pattern` are spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The `cursor` of the last page of this value. */
            cursor?: components["schemas"]["TextOrBytes"] | null;
            /**
             * Format: uint64
             * @description First byte of a string, first bit of a bitmap, first index of a list or sorted set.
             */
            offset?: number | null;
            /**
             * Format: uint64
             * @description Bytes of a string (default: all, up to 16 MiB), bits of a bitmap (default 1024, at most
             *     65 536), else elements (default 100, at most 1000).
             */
            count?: number | null;
            /**
             * @description From the end: the tail of a list, the highest scores, the newest entries.
             * @default false
             */
            reverse?: boolean;
            /** @description Of a sorted set the lowest score, `(1.5` for greater than 1.5; of a stream the lowest id. */
            min?: components["schemas"]["Bound"] | null;
            /** @description Of a sorted set the highest score, `(1.5` for less than 1.5; of a stream the highest id. */
            max?: components["schemas"]["Bound"] | null;
            /**
             * @description Only fields of a hash, or members of a set or sorted set, that match this glob pattern. A
             *     page may then be empty and not be the last.
             */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description How a string is shown. */
            view?: components["schemas"]["View"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysGetAnswer: components["schemas"]["Undeclared"];
        /** @description A key. */
        RedisKeysDownloadInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        /** @description A key. */
        RedisKeysGroupsInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysGroupsAnswer: components["schemas"]["Undeclared"];
        /** @description A stream and one of its groups. */
        RedisKeysConsumersInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How key and group are spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The group's name. */
            group: components["schemas"]["TextOrBytes"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysConsumersAnswer: components["schemas"]["Undeclared"];
        /** @description Which of a group's pending entries. */
        RedisKeysPendingInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How key, group and consumer are spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The group's name. */
            group: components["schemas"]["TextOrBytes"];
            /** @description Only those of this consumer. */
            consumer?: components["schemas"]["TextOrBytes"] | null;
            /** @description The lowest id. */
            min?: string | null;
            /** @description The highest id. */
            max?: string | null;
            /**
             * Format: uint64
             * @description Only those that were idle for this many milliseconds.
             */
            min_idle_ms?: number | null;
            /** @description The `cursor` of the last page; the last one has `"0"`. */
            cursor?: components["schemas"]["TextOrBytes"] | null;
            /**
             * Format: uint64
             * @description Entries per page; default 100, at most 1000.
             */
            count?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysPendingAnswer: components["schemas"]["Undeclared"];
        /** @description A key and its new value. */
        RedisKeysSetInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /**
             * @description A string or number; an object or `[[field, value], …]` for a hash; an array for a list or
             *     set; `[{ member, score }, …]` for a sorted set; `[{ id?, fields }, …]` for a stream.
             */
            value: unknown;
            /** @description Default: what the value looks like: `string`, `hash` or `list`. */
            type?: components["schemas"]["ValueType"] | null;
            /**
             * Format: int64
             * @description Seconds to live; −1, the default, is for ever.
             */
            ttl?: number | null;
            /**
             * @description Only if the key does not exist.
             * @default false
             */
            nx?: boolean;
            /**
             * @description Only if the key exists.
             * @default false
             */
            xx?: boolean;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysSetAnswer: components["schemas"]["Undeclared"];
        /** @description A key, and what to change. */
        RedisKeysEditInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description What to change. Without it, `ttl` and its like are all that is changed. */
            edit?: components["schemas"]["Change"] | null;
            /**
             * Format: int64
             * @description Seconds to live from now on; −1 is for ever. Default: the time that the key has left.
             */
            ttl?: number | null;
            /**
             * Format: int64
             * @description The same in milliseconds.
             */
            ttl_ms?: number | null;
            /**
             * Format: uint64
             * @description When the key ends, in seconds since 1970.
             */
            at?: number | null;
            /**
             * Format: uint64
             * @description When the key ends, in milliseconds since 1970.
             */
            at_ms?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysEditAnswer: components["schemas"]["Undeclared"];
        /** @description A key. */
        RedisKeysDeleteInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysDeleteAnswer: components["schemas"]["Undeclared"];
        /** @description A key and the time that it has left: one of `ttl`, `ttl_ms`, `at` and `at_ms`. */
        RedisKeysExpireInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /**
             * Format: int64
             * @description Seconds to live; −1 is for ever.
             */
            ttl?: number | null;
            /**
             * Format: int64
             * @description Milliseconds to live; −1 is for ever.
             */
            ttl_ms?: number | null;
            /**
             * Format: uint64
             * @description When it ends, in seconds since 1970.
             */
            at?: number | null;
            /**
             * Format: uint64
             * @description When it ends, in milliseconds since 1970.
             */
            at_ms?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysExpireAnswer: components["schemas"]["Undeclared"];
        /** @description A key and its new name. */
        RedisKeysRenameInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key in the path is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The new name, as text or bytes. In a cluster it must be in the same slot. */
            to: components["schemas"]["TextOrBytes"];
            /**
             * @description Only if there is no key of the new name; `false` deletes that. Default `true`.
             * @default true
             */
            nx?: boolean;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysRenameAnswer: components["schemas"]["Undeclared"];
        /** @description A key and where to copy it. */
        RedisKeysCopyInput: {
            /** @description The key. */
            key: components["schemas"]["TextOrBytes"];
            /** @description How the key in the path is spelt. */
            encoding?: components["schemas"]["Encoding"];
            /** @description The copy's name, as text or bytes. In a cluster it must be in the same slot. */
            to: components["schemas"]["TextOrBytes"];
            /**
             * Format: uint32
             * @description Another database of the same server, which is beyond what the connection is for: that needs
             *     admin permission.
             */
            db?: number | null;
            /**
             * @description Only if there is no key of that name; `false` deletes that. Default `true`.
             * @default true
             */
            nx?: boolean;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisKeysCopyAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RedisInfoInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisInfoAnswer: components["schemas"]["RedisInfo"];
        /** @description How often. */
        RedisStatsInput: {
            /**
             * Format: double
             * @description Seconds between two snapshots of a stream, 0.25 to 3600; default 1.
             */
            interval?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisStatsAnswer: components["schemas"]["RedisStats"];
        RedisStatsRecord: components["schemas"]["RedisStats"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RedisDatabasesInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisDatabasesAnswer: components["schemas"]["RedisDatabases"];
        /** @description What to measure. */
        RedisMemoryInput: {
            /** @description Only keys that begin with this, whatever characters it has. */
            prefix?: components["schemas"]["TextOrBytes"] | null;
            /** @description Only keys of this type. */
            type?: string | null;
            /** @description What ends a part of a prefix, 1 to 16 bytes; default `:`. */
            separator?: components["schemas"]["TextOrBytes"] | null;
            /** @description How `prefix` and `separator` are spelt. */
            encoding?: components["schemas"]["Encoding"];
            /**
             * Format: uint32
             * @description Parts that a prefix has at most, 1 to 8; default 1.
             */
            depth?: number | null;
            /**
             * Format: uint
             * @description Prefixes that are told apart, the largest first, 1 to 1000; default 100.
             */
            limit?: number | null;
            /**
             * Format: uint
             * @description The largest keys, and the most used ones, that are named, 1 to 1000; default 50.
             */
            top?: number | null;
            /**
             * Format: uint32
             * @description Elements of a collection that are measured, 1 to 1000; default 5.
             */
            samples?: number | null;
            /**
             * Format: uint64
             * @description Keys that are examined; default 100 000, at most 1 000 000. A stream goes on to the end
             *     unless asked otherwise.
             */
            max_examined?: number | null;
            /**
             * Format: uint64
             * @description Milliseconds after which the answer is given as it is; default 2000, from 10 to 10 000. A
             *     stream goes on to the end unless asked otherwise.
             */
            max_ms?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisMemoryAnswer: components["schemas"]["MemoryReport"];
        RedisMemoryRecord: components["schemas"]["MemoryReport"];
        /** @description How much of it. */
        RedisSlowlogInput: {
            /**
             * Format: uint
             * @description Entries, the latest first, 1 to 1000; default 128.
             */
            limit?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisSlowlogAnswer: components["schemas"]["SlowLog"];
        /** @description Which clients. */
        RedisClientsInput: {
            /** @description Only clients of this kind. */
            type?: components["schemas"]["ClientKind"] | null;
            /** @description `"0"` at first, then the `cursor` of the page before. */
            cursor?: string | null;
            /**
             * Format: uint
             * @description Clients per page, 1 to 1000; default 100.
             */
            limit?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisClientsAnswer: components["schemas"]["ClientPage"];
        /** @description Which settings. */
        RedisConfigInput: {
            /** @description Glob pattern of their names; default all. */
            pattern?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisConfigAnswer: components["schemas"]["RedisSettings"];
        /** @description Which documents to show. */
        MongodbDocumentsFindInput: {
            /** @description Name of the database, which `databaseName` can name as well; the connection's own if not given. */
            db?: string | null;
            /** @description Name of the collection, which `collection` can name as well. */
            coll: string;
            /** @description A query; all documents if not given. */
            filter?: components["schemas"]["Document"] | null;
            /** @description Which fields to show. */
            projection?: components["schemas"]["Document"] | null;
            /** @description In which order. */
            sort?: components["schemas"]["Document"] | null;
            /**
             * Format: uint32
             * @description How many at most; 20 if not given, at most 1000.
             */
            limit?: number | null;
            /**
             * Format: uint64
             * @description How many to pass over. The server walks through them, so a large number is slow.
             * @default 0
             */
            skip?: number;
            /**
             * @description Where to begin: the `next_cursor` of the page before, or nothing for the first page. Documents
             *     are then sorted by their `_id` in the end, and by it alone without a `sort`. Pages stay in step
             *     while documents come and go, and are quick at any depth if there is an index on the fields of
             *     the sort and `_id`. Not for sorts by computed scores or items of arrays.
             */
            cursor?: string | null;
            /** @description How text is compared: `{ "locale": "de", "strength": 2 }`. */
            collation?: components["schemas"]["Document"] | null;
            /** @description The index to use. */
            hint?: components["schemas"]["HintInput"] | null;
            /**
             * Format: uint64
             * @description Milliseconds after which the server gives up; never more than the request has left.
             */
            maxTimeMS?: number | null;
            /** @description `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`. */
            readPreference?: string | null;
            /** @description `local`, `available`, `majority`, `linearizable` or `snapshot`. */
            readConcern?: string | null;
            /** @description Values that expressions in the filter can name, as `$$name`. Nothing is counted then. */
            let?: components["schemas"]["Document"] | null;
            /** @description `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
            ejson?: components["schemas"]["Mode"] | null;
            /**
             * @description `text` for documents as texts that hold Extended JSON: no parser on the way changes the order of
             *     their fields, or what their numbers look like.
             */
            as?: components["schemas"]["ShownAs"];
            /** @description Whether to find out how many documents there are; it does unless this is `false`. */
            count?: boolean | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDocumentsFindAnswer: components["schemas"]["DocumentsPage"];
        /** @description What to insert: `document` or `documents`. */
        MongodbDocumentsInsertInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection; it is made if it does not exist. */
            coll: string;
            /** @description One document. */
            document?: components["schemas"]["Document"] | null;
            /** @description Several documents, at most 10000. */
            documents?: components["schemas"]["Document"][] | null;
            /** @description Stop at the first document that is refused, which is the default, or try them all. */
            ordered?: boolean | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDocumentsInsertAnswer: components["schemas"]["DocumentsInserted"];
        /** @description Which document to show. */
        MongodbDocumentsGetInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description Id of the connection. */
            id: string;
            /** @description The type of the `_id`, if it is another. */
            id_type?: components["schemas"]["IdType"] | null;
            /** @description `base64url` if the `_id` is given as base64url of canonical Extended JSON. */
            encoding?: components["schemas"]["Encoding2"] | null;
            /** @description `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
            ejson?: components["schemas"]["Mode"] | null;
            /**
             * @description `text` for the document as a text that holds Extended JSON: no parser on the way changes the
             *     order of its fields, or what its numbers look like.
             */
            as?: components["schemas"]["ShownAs"];
            /**
             * @description Answer with `{ document, etag }`.
             * @default false
             */
            with_etag?: boolean;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDocumentsGetAnswer: components["schemas"]["DocumentShown"];
        /** @description How to change a document: `update` or `replacement`. */
        MongodbDocumentsUpdateInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description Id of the connection. */
            id: string;
            /** @description The type of the `_id`, if it is another. */
            id_type?: components["schemas"]["IdType"] | null;
            /** @description `base64url` if the `_id` is given as base64url of canonical Extended JSON. */
            encoding?: components["schemas"]["Encoding2"] | null;
            /** @description Update operators, or an array of stages. */
            update?: components["schemas"]["Update"] | null;
            /** @description Which items of arrays `$[name]` in the operators means: one filter for each name. */
            array_filters?: components["schemas"]["Document"][];
            /**
             * @description The whole new document. Its `_id` may be left out. With `if_unchanged`, only the fields that
             *     differ from that are written.
             */
            replacement?: components["schemas"]["Document"] | null;
            /**
             * @description Make the document if there is none with this id.
             * @default false
             */
            upsert?: boolean;
            /**
             * @description The document as it was loaded, as canonical Extended JSON. If the stored one is not the same
             *     any more, byte for byte, nothing is changed and the failure, `CONFLICT`, has the current one and
             *     its `etag` in its details. What has gone through a JavaScript object may have lost its order of
             *     fields; `if_match` does not depend on it.
             */
            if_unchanged?: components["schemas"]["Document"] | null;
            /**
             * @description The `etag` that the document was loaded with; the same as `if_unchanged`.
             * @default null
             */
            if_match?: string | null;
            /** @description How to show the document in the answer. */
            ejson?: components["schemas"]["Mode"] | null;
            /**
             * @description `text` for the document in the answer, and the current one of a conflict, as a text that holds
             *     Extended JSON.
             */
            as?: components["schemas"]["ShownAs"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDocumentsUpdateAnswer: components["schemas"]["DocumentChanged"];
        /** @description Which document to delete. */
        MongodbDocumentsDeleteInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description Id of the connection. */
            id: string;
            /** @description The type of the `_id`, if it is another. */
            id_type?: components["schemas"]["IdType"] | null;
            /** @description `base64url` if the `_id` is given as base64url of canonical Extended JSON. */
            encoding?: components["schemas"]["Encoding2"] | null;
            /**
             * @description The document as it was loaded, as canonical Extended JSON; it is deleted only if it is still
             *     the same, byte for byte.
             */
            if_unchanged?: components["schemas"]["Document"] | null;
            /**
             * @description The `etag` that the document was loaded with; the same as `if_unchanged`.
             * @default null
             */
            if_match?: string | null;
            /** @description `text` for the current document of a conflict as a text that holds Extended JSON. */
            as?: components["schemas"]["ShownAs"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDocumentsDeleteAnswer: components["schemas"]["DocumentDeleted"];
        /** @description What to write: one of `updateMany`, `deleteMany` and `bulkWrite`. */
        MongodbDocumentsBulkInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description Changes all documents that match. */
            updateMany?: components["schemas"]["BulkUpdate"] | null;
            /** @description Deletes all documents that match. */
            deleteMany?: components["schemas"]["BulkDelete"] | null;
            /** @description Writes of any kind, at most 100000: `[{ "insertOne": { "document": … } }, …]`. */
            bulkWrite?: components["schemas"]["WriteInput"][] | null;
            /**
             * @description Stop at the first write that fails, which is the default, or try them all.
             * @default true
             */
            ordered?: boolean;
            /**
             * @description Must be `true` where the writes together may reach every document of the collection, and do not
             *     say which each of them means: by lists of `_id`s, or one by one with different values of fields.
             * @default false
             */
            confirm?: boolean;
            /**
             * @description Write nothing; show how many documents each filter matches, and some of them.
             * @default false
             */
            dry_run?: boolean;
            /**
             * Format: uint32
             * @description How many documents a preview shows of each write; 5 if not given, at most 20.
             */
            sample?: number | null;
            /** @description How a preview shows documents. */
            ejson?: components["schemas"]["Mode"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDocumentsBulkAnswer: components["schemas"]["BulkAnswer"];
        /** @description Which collections. */
        MongodbCollectionsListByQueryInput: {
            /** @description Name of the database; the connection's own if not given. */
            databaseName?: string | null;
            /**
             * Format: uint
             * @description How many at most; 1000 if not given, and at most.
             */
            limit?: number | null;
            /** @description Begin after the collection of this name. */
            after?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbCollectionsListByQueryAnswer: components["schemas"]["CollectionEntry"][];
        /** @description Which documents to show. */
        MongodbDocumentsFindByQueryInput: {
            /** @description Name of the database, which `databaseName` can name as well; the connection's own if not given. */
            db?: string | null;
            /** @description Name of the collection, which `collection` can name as well. */
            coll: string;
            /** @description A query; all documents if not given. */
            filter?: components["schemas"]["Document"] | null;
            /** @description Which fields to show. */
            projection?: components["schemas"]["Document"] | null;
            /** @description In which order. */
            sort?: components["schemas"]["Document"] | null;
            /**
             * Format: uint32
             * @description How many at most; 20 if not given, at most 1000.
             */
            limit?: number | null;
            /**
             * Format: uint64
             * @description How many to pass over. The server walks through them, so a large number is slow.
             * @default 0
             */
            skip?: number;
            /**
             * @description Where to begin: the `next_cursor` of the page before, or nothing for the first page. Documents
             *     are then sorted by their `_id` in the end, and by it alone without a `sort`. Pages stay in step
             *     while documents come and go, and are quick at any depth if there is an index on the fields of
             *     the sort and `_id`. Not for sorts by computed scores or items of arrays.
             */
            cursor?: string | null;
            /** @description How text is compared: `{ "locale": "de", "strength": 2 }`. */
            collation?: components["schemas"]["Document"] | null;
            /** @description The index to use. */
            hint?: components["schemas"]["HintInput"] | null;
            /**
             * Format: uint64
             * @description Milliseconds after which the server gives up; never more than the request has left.
             */
            maxTimeMS?: number | null;
            /** @description `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`. */
            readPreference?: string | null;
            /** @description `local`, `available`, `majority`, `linearizable` or `snapshot`. */
            readConcern?: string | null;
            /** @description Values that expressions in the filter can name, as `$$name`. Nothing is counted then. */
            let?: components["schemas"]["Document"] | null;
            /** @description `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
            ejson?: components["schemas"]["Mode"] | null;
            /**
             * @description `text` for documents as texts that hold Extended JSON: no parser on the way changes the order of
             *     their fields, or what their numbers look like.
             */
            as?: components["schemas"]["ShownAs"];
            /** @description Whether to find out how many documents there are; it does unless this is `false`. */
            count?: boolean | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDocumentsFindByQueryAnswer: components["schemas"]["DocumentsPage"];
        /** @description Which database. */
        MongodbDatabasesStatsByQueryInput: {
            /** @description Name of the database; the connection's own if not given. */
            databaseName?: string | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDatabasesStatsByQueryAnswer: components["schemas"]["DatabaseSizes"];
        /** @description What to run on a collection. */
        MongodbAggregateInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description The stages. */
            pipeline: components["schemas"]["Pipeline"];
            /** @description How to run them. */
            options?: components["schemas"]["RunOptions"];
            /**
             * @description Must be `true` for a pipeline that writes with `$out` or `$merge`.
             * @default false
             */
            confirm?: boolean;
            /**
             * Format: uint32
             * @description Return only the first so many documents; in a list at most 10000. If it is not given, a list of
             *     more than 1000 documents is refused; a stream has them all.
             */
            limit?: number | null;
            /** @description `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
            ejson?: components["schemas"]["Mode"] | null;
            /** @description `text` for documents as texts that hold Extended JSON. */
            as?: components["schemas"]["ShownAs"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbAggregateAnswer: components["schemas"]["Document"][];
        MongodbAggregateRecord: components["schemas"]["Document"];
        /** @description What to show. */
        MongodbAggregatePreviewInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description The stages, at most 100. */
            pipeline: components["schemas"]["Pipeline"];
            /**
             * Format: uint32
             * @description How many documents go through the pipeline; 1000 if not given, at most 100000.
             */
            sample?: number | null;
            /**
             * Format: uint32
             * @description How many documents to show of each stage; 10 if not given, at most 100.
             */
            limit?: number | null;
            /** @description How to run the stages. `maxTimeMS` is for each of them, and 5000 if not given. */
            options?: components["schemas"]["RunOptions"];
            /** @description `relaxed` for display, which is the default, or `canonical` for editing. */
            ejson?: components["schemas"]["Mode"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbAggregatePreviewAnswer: components["schemas"]["PipelinePreview"];
        /** @description What to run on a database. */
        MongodbAggregateDatabaseInput: {
            /** @description Name of the database; stages that tell of the whole server want `admin`. */
            db: string;
            /**
             * @description The stages. The first needs no collection: `$currentOp`, `$listLocalSessions`, `$queryStats`,
             *     `$documents`…
             */
            pipeline: components["schemas"]["Pipeline"];
            /** @description How to run them. */
            options?: components["schemas"]["RunOptions"];
            /**
             * Format: uint32
             * @description As for a collection.
             */
            limit?: number | null;
            /** @description `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts. */
            ejson?: components["schemas"]["Mode"] | null;
            /** @description `text` for documents as texts that hold Extended JSON. */
            as?: components["schemas"]["ShownAs"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbAggregateDatabaseAnswer: components["schemas"]["Document"][];
        MongodbAggregateDatabaseRecord: components["schemas"]["Document"];
        /** @description Which documents to count. */
        MongodbCountInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description A query; all documents if not given. */
            filter?: components["schemas"]["Document"] | null;
            /**
             * @description Count one by one even where the collection's metadata has the number of all documents.
             * @default false
             */
            exact?: boolean;
            /** @description How to read. */
            options?: components["schemas"]["ReadOptions"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbCountAnswer: components["schemas"]["DocumentCount"];
        /** @description Which values to list. */
        MongodbDistinctInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description Path of the field, with dots. */
            key: string;
            /** @description A query; all documents if not given. */
            filter?: components["schemas"]["Document"] | null;
            /**
             * Format: uint32
             * @description How many at most; 1000 if not given, at most 10000.
             */
            limit?: number | null;
            /** @description How to read. `hint` needs MongoDB 7.1. */
            options?: components["schemas"]["ReadOptions"];
            /** @description `relaxed` for display, which is the default, or `canonical` for editing. */
            ejson?: components["schemas"]["Mode"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDistinctAnswer: components["schemas"]["DistinctValues"];
        /** @description What to look at. */
        MongodbSchemaInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description Only documents that match; all if not given. */
            filter?: components["schemas"]["Document"] | null;
            /**
             * Format: uint32
             * @description How many documents; 1000 if not given, at most 100000.
             */
            size?: number | null;
            /**
             * @description `random`, which is the default, or `head`: those that the server finds first, which is faster.
             * @default random
             */
            method?: components["schemas"]["SampleMethod"];
            /**
             * Format: uint32
             * @description Paths at most; 1000 if not given, at most 5000.
             */
            paths?: number | null;
            /**
             * Format: uint32
             * @description Frequent values of each type at each path; 10 if not given, at most 50. `0` finds none.
             */
            values?: number | null;
            /**
             * @description How to read. `maxTimeMS` is the time for all of it, 5000 if not given; what was seen until then
             *     is told.
             */
            options?: components["schemas"]["ReadOptions"];
            /** @description How to show values. */
            ejson?: components["schemas"]["Mode"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbSchemaAnswer: components["schemas"]["SampleShown"];
        MongodbSchemaRecord: components["schemas"]["SampleRecord"];
        /** @description What to explain: exactly one of `find`, `aggregate`, `count`, `distinct`, `update` and `delete`. */
        MongodbExplainInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description A query. */
            find?: components["schemas"]["ExplainedFind"] | null;
            /** @description A pipeline. */
            aggregate?: components["schemas"]["ExplainedAggregate"] | null;
            /** @description A count. */
            count?: components["schemas"]["ExplainedCount"] | null;
            /** @description The different values of a field. */
            distinct?: components["schemas"]["ExplainedDistinct"] | null;
            /** @description An update; nothing is written. */
            update?: components["schemas"]["ExplainedUpdate"] | null;
            /** @description A delete; nothing is deleted. */
            delete?: components["schemas"]["ExplainedDelete"] | null;
            /**
             * @description `queryPlanner`, which is the default and runs nothing, `executionStats` or
             *     `allPlansExecution`.
             */
            verbosity?: components["schemas"]["Verbosity"];
            /** @description How to read. */
            options?: components["schemas"]["RunOptions"];
            /** @description Whether to return the server's own explanation too; it does unless this is `false`. */
            raw?: boolean | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbExplainAnswer: components["schemas"]["Explanation"];
        /** @description What to watch, how, and from when. */
        MongodbWatchInput: {
            /** @description Name of the database; the connection's own if not given. */
            db?: string | null;
            /** @description Name of the collection, which need not exist yet; all of the database if not given. */
            coll?: string | null;
            /**
             * @description Stages that the events go through: `$match`, `$project`, `$set`, `$unset`, `$addFields`,
             *     `$replaceRoot`, `$replaceWith`, `$redact`, `$changeStreamSplitLargeEvent`.
             */
            pipeline?: components["schemas"]["Pipeline"];
            /** @description Which document an update is told with. */
            fullDocument?: components["schemas"]["FullDocument"] | null;
            /** @description Whether a change is told with the document as it was before. */
            fullDocumentBeforeChange?: components["schemas"]["BeforeChange"] | null;
            /**
             * @description Tell of indexes and collections too (MongoDB 6.0).
             * @default false
             */
            showExpandedEvents?: boolean;
            /** @description Begin after the event of this `resume_token`. */
            resumeAfter?: components["schemas"]["Document"] | null;
            /** @description The same, also after an `invalidate`. */
            startAfter?: components["schemas"]["Document"] | null;
            /** @description Begin with the changes of this time. */
            startAtOperationTime?: components["schemas"]["Moment"] | null;
            /**
             * Format: uint32
             * @description Events that the server sends at a time, 1 to 1000.
             */
            batchSize?: number | null;
            /**
             * Format: uint64
             * @description Milliseconds that the server waits for events before it says that there are none, up to 10000;
             *     default 1000.
             */
            maxAwaitTimeMS?: number | null;
            /**
             * @description `relaxed` for display, which is the default, or `canonical` for editing. Tokens are always
             *     canonical.
             */
            ejson?: components["schemas"]["Mode"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbWatchMessage: components["schemas"]["WatchMessage"];
        MongodbWatchRequest: components["schemas"]["Silence"];
        /** @description What to watch, how, and from when. */
        MongodbWatchDatabaseInput: {
            /** @description Name of the database; the connection's own if not given. */
            db?: string | null;
            /** @description Name of the collection, which need not exist yet; all of the database if not given. */
            coll?: string | null;
            /**
             * @description Stages that the events go through: `$match`, `$project`, `$set`, `$unset`, `$addFields`,
             *     `$replaceRoot`, `$replaceWith`, `$redact`, `$changeStreamSplitLargeEvent`.
             */
            pipeline?: components["schemas"]["Pipeline"];
            /** @description Which document an update is told with. */
            fullDocument?: components["schemas"]["FullDocument"] | null;
            /** @description Whether a change is told with the document as it was before. */
            fullDocumentBeforeChange?: components["schemas"]["BeforeChange"] | null;
            /**
             * @description Tell of indexes and collections too (MongoDB 6.0).
             * @default false
             */
            showExpandedEvents?: boolean;
            /** @description Begin after the event of this `resume_token`. */
            resumeAfter?: components["schemas"]["Document"] | null;
            /** @description The same, also after an `invalidate`. */
            startAfter?: components["schemas"]["Document"] | null;
            /** @description Begin with the changes of this time. */
            startAtOperationTime?: components["schemas"]["Moment"] | null;
            /**
             * Format: uint32
             * @description Events that the server sends at a time, 1 to 1000.
             */
            batchSize?: number | null;
            /**
             * Format: uint64
             * @description Milliseconds that the server waits for events before it says that there are none, up to 10000;
             *     default 1000.
             */
            maxAwaitTimeMS?: number | null;
            /**
             * @description `relaxed` for display, which is the default, or `canonical` for editing. Tokens are always
             *     canonical.
             */
            ejson?: components["schemas"]["Mode"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbWatchDatabaseMessage: components["schemas"]["WatchMessage"];
        MongodbWatchDatabaseRequest: components["schemas"]["Silence"];
        /** @description What to watch, how, and from when. */
        MongodbWatchClusterInput: {
            /** @description Name of the database; the connection's own if not given. */
            db?: string | null;
            /** @description Name of the collection, which need not exist yet; all of the database if not given. */
            coll?: string | null;
            /**
             * @description Stages that the events go through: `$match`, `$project`, `$set`, `$unset`, `$addFields`,
             *     `$replaceRoot`, `$replaceWith`, `$redact`, `$changeStreamSplitLargeEvent`.
             */
            pipeline?: components["schemas"]["Pipeline"];
            /** @description Which document an update is told with. */
            fullDocument?: components["schemas"]["FullDocument"] | null;
            /** @description Whether a change is told with the document as it was before. */
            fullDocumentBeforeChange?: components["schemas"]["BeforeChange"] | null;
            /**
             * @description Tell of indexes and collections too (MongoDB 6.0).
             * @default false
             */
            showExpandedEvents?: boolean;
            /** @description Begin after the event of this `resume_token`. */
            resumeAfter?: components["schemas"]["Document"] | null;
            /** @description The same, also after an `invalidate`. */
            startAfter?: components["schemas"]["Document"] | null;
            /** @description Begin with the changes of this time. */
            startAtOperationTime?: components["schemas"]["Moment"] | null;
            /**
             * Format: uint32
             * @description Events that the server sends at a time, 1 to 1000.
             */
            batchSize?: number | null;
            /**
             * Format: uint64
             * @description Milliseconds that the server waits for events before it says that there are none, up to 10000;
             *     default 1000.
             */
            maxAwaitTimeMS?: number | null;
            /**
             * @description `relaxed` for display, which is the default, or `canonical` for editing. Tokens are always
             *     canonical.
             */
            ejson?: components["schemas"]["Mode"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbWatchClusterMessage: components["schemas"]["WatchMessage"];
        MongodbWatchClusterRequest: components["schemas"]["Silence"];
        /** @description Which documents, and how they are written. */
        MongodbDocumentsExportInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection. */
            coll: string;
            /** @description `ndjson`, which is the default, `json` for one array, or `csv`. */
            format?: components["schemas"]["FileFormat"] | null;
            /** @description `canonical`, which is the default and keeps every type, or `relaxed` for people. */
            ejson?: components["schemas"]["Mode"] | null;
            /** @description A query; all documents if not given. */
            filter?: components["schemas"]["Document"] | null;
            /** @description Which fields. */
            projection?: components["schemas"]["Document"] | null;
            /** @description In which order. */
            sort?: components["schemas"]["Document"] | null;
            /**
             * Format: uint32
             * @description How many at most.
             */
            limit?: number | null;
            /**
             * Format: uint64
             * @description How many to pass over.
             * @default 0
             */
            skip?: number;
            /**
             * @description Columns of CSV; a dot leads into a document. If not given, the fields of the first documents
             *     have a column each, and `$rest` has all others.
             */
            fields?: string[] | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDocumentsExportRecord: components["schemas"]["Document"];
        /** @description How the body is to be read and written. */
        MongodbDocumentsImportInput: {
            /** @description Name of the database. */
            db: string;
            /** @description Name of the collection; it is made if it does not exist. */
            coll: string;
            /**
             * @description `ndjson`, which is the default, `json` for an array or documents that follow each other, or
             *     `csv`.
             */
            format?: components["schemas"]["FileFormat"] | null;
            /**
             * @description What happens to a document whose `_id` is there already. One that has another unique value that
             *     is taken is refused, with the name of the index.
             */
            on_conflict?: components["schemas"]["OnConflict2"];
            /** @description The `resume` that an interrupted import has told: goes on there with the same body. */
            resume?: string | null;
            /**
             * @description Read everything and write nothing.
             * @default false
             */
            dry_run?: boolean;
            /**
             * @description End at the first record that is refused: those before it are written, and none after it.
             * @default false
             */
            stop_on_error?: boolean;
            /** @description Names of the columns of CSV without a header. */
            fields?: string[] | null;
            /** @description What stands between the cells of CSV; a comma if not given. */
            delimiter?: string | null;
            /**
             * @description Cells of CSV are text, whatever they look like.
             * @default false
             */
            as_text?: boolean;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbDocumentsImportRecord: components["schemas"]["ImportRecord2"];
        /** @description One SQL statement and its limits. */
        PostgresQueryInput: {
            /** @description SQL of exactly one statement; `$1`, `$2`, … stand for the parameters. */
            query: string;
            /**
             * @description Values of the parameters. A JSON array is sent as an array, or as JSON where the parameter
             *     is `json`, `jsonb` or text; numbers keep all their digits.
             * @default []
             */
            parameters?: unknown[];
            /**
             * @description Only read: the statement must be SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW, and runs in a
             *     read-only transaction that is rolled back. Without it, write permission is needed.
             * @default false
             */
            read_only?: boolean;
            /**
             * Format: uint64
             * @description After how many milliseconds the statement is cancelled: 1 to 600000, by default what the
             *     connection says, else 30000. A request never takes longer than the installation allows.
             */
            timeout_ms?: number | null;
            /**
             * Format: uint32
             * @description Most rows in the answer: 0 to 100000, by default 1000. `truncated` says that there are more.
             */
            max_rows?: number | null;
            /** @description `objects`: rows as `{"column": value}`, as pg-meta answers. `rows`: rows as `[value]`. */
            format?: components["schemas"]["Format"];
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        PostgresQueryAnswer: components["schemas"]["Queried"];
        /** @description Which tables, and how much of them. */
        PostgresTablesListInput: {
            /**
             * @description Only tables of these schemas.
             * @default []
             */
            included_schemas?: string[];
            /**
             * @description No tables of these schemas; has no effect beside `included_schemas`.
             * @default []
             */
            excluded_schemas?: string[];
            /**
             * @description With `information_schema`, `pg_catalog` and `pg_toast`.
             * @default false
             */
            include_system_schemas?: boolean;
            /**
             * @description With the columns of each table.
             * @default true
             */
            include_columns?: boolean;
            /**
             * Format: uint32
             * @description At most so many tables: 1 to 1000; all of them by default.
             */
            limit?: number | null;
            /**
             * Format: uint64
             * @description Without the first so many.
             * @default 0
             */
            offset?: number;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        PostgresTablesListAnswer: components["schemas"]["Table"][];
        /** @description The input of an operation that asks for nothing but what its path says. */
        HttpHealthInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        HttpHealthAnswer: components["schemas"]["ServiceHealth"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        HttpInfoInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        HttpInfoAnswer: components["schemas"]["ServiceAnswer"];
        /** @description A request to the service. */
        HttpRequestInput: {
            /**
             * @description HTTP method, `GET` when left out. `GET` and `HEAD` need read permission, others write; where the
             *     connection lists `reader_paths`, other paths need write permission too.
             */
            method?: components["schemas"]["RequestMethod"];
            /**
             * @description Path below the base URL; may carry a query.
             * @default
             */
            path?: string;
            /**
             * @description More query parameters: text, number, boolean, or a list of these. `null` is left out.
             * @default {}
             */
            query?: {
                [key: string]: unknown;
            };
            /**
             * @description Headers about the content, such as `Accept`, `Content-Type` or `If-Match`, and those that the
             *     connection lists as `request_headers`; others are refused.
             * @default {}
             */
            headers?: {
                [key: string]: string;
            };
            /**
             * @description Text is sent as it is, `{ "$binary": { "base64": "…" } }` as bytes, anything else as JSON.
             * @default null
             */
            body?: unknown;
            /**
             * Format: uint64
             * @description Milliseconds the request may take at most.
             */
            timeout_ms?: number | null;
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        HttpRequestAnswer: components["schemas"]["ServiceAnswer"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        ServiceHealthInput: Record<string, unknown>;
        ServiceHealthAnswer: components["schemas"]["Health"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        ServicePoolsInput: Record<string, unknown>;
        ServicePoolsAnswer: components["schemas"]["PoolsShown"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        ServiceMetricsInput: Record<string, unknown>;
        /** @description The input of an operation that asks for nothing but what its path says. */
        ServiceOpenapiInput: Record<string, unknown>;
        ServiceOpenapiAnswer: {
            [key: string]: unknown;
        };
        /** @description The four kinds of backend. */
        DatabaseType: "postgres" | "redis" | "mongodb" | "bun_api";
        /** @description How a connection is doing. */
        ConnectionStatus: "ACTIVE" | "INACTIVE" | "ERROR" | "CONNECTING";
        /** @description Text, or the bytes that no text has. */
        TextOrBytes: string | {
            $binary: {
                base64: string;
            };
        };
        /** @description How keys and other names are spelt in a path or query. */
        Encoding: "text" | "base64url";
        /** @description Text, { "$binary": { "base64": … } }, or any JSON, whose text is sent. */
        Message: unknown;
        /** @description What to do to each key. */
        Action: "delete" | "expire" | "persist" | "copy";
        /** @description What happens to keys that are there already. */
        OnConflict: "skip" | "replace" | "fail";
        /** @description What becomes of the times at which keys expire. */
        Ttl: "keep" | "none";
        /** @description Options of a new collection or view, as servers name them. */
        CreateOptions: {
            /**
             * @description Whether it has a fixed size and drops its oldest documents.
             * @default false
             */
            capped?: boolean;
            /**
             * Format: int64
             * @description Bytes that a capped collection holds at most.
             */
            size?: number | null;
            /**
             * Format: int64
             * @description Documents that a capped collection holds at most.
             */
            max?: number | null;
            /** @description What every document must match: `{ "$jsonSchema": … }` or a query. */
            validator?: components["schemas"]["Document"] | null;
            /** @description Which documents the validator is applied to. */
            validationLevel?: components["schemas"]["ValidationLevel"] | null;
            /** @description What becomes of a document that does not match. */
            validationAction?: components["schemas"]["ValidationAction"] | null;
            /** @description How text is compared: `{ locale, strength, … }`. */
            collation?: components["schemas"]["Document"] | null;
            /** @description Makes a time series. */
            timeseries?: components["schemas"]["Timeseries"] | null;
            /**
             * Format: int64
             * @description Seconds after which documents of a time series or a clustered collection are removed.
             */
            expireAfterSeconds?: number | null;
            /** @description Keeps the documents in the order of their `_id`. */
            clusteredIndex?: components["schemas"]["ClusteredIndex"] | null;
            /** @description Makes a view of this collection. */
            viewOn?: string | null;
            /** @description What the view makes of the collection. */
            pipeline?: components["schemas"]["Pipeline"] | null;
            /** @description Whether change streams can show documents as they were before and after a change. */
            changeStreamPreAndPostImages?: components["schemas"]["Images"] | null;
        };
        /** @description A document as MongoDB Extended JSON v2, or text that holds one. */
        Document: Record<string, unknown> | string;
        /** @description Which documents a validator is applied to. */
        ValidationLevel: "off" | "strict" | "moderate";
        /** @description What becomes of a document that a validator does not match. */
        ValidationAction: "error" | "warn" | "errorAndLog";
        /** @description How a time series is kept. */
        Timeseries: {
            /** @description The field that has the time of a measurement. */
            timeField: string;
            /** @description The field that says what is measured. */
            metaField?: string | null;
            /** @description How far measurements are apart. */
            granularity?: components["schemas"]["Granularity"] | null;
            /**
             * Format: int64
             * @description Seconds that one bucket spans at most; since MongoDB 6.3.
             */
            bucketMaxSpanSeconds?: number | null;
            /**
             * Format: int64
             * @description Seconds to which the start of a bucket is rounded: the same number.
             */
            bucketRoundingSeconds?: number | null;
        };
        /** @description How far the measurements of a time series are apart. */
        Granularity: "seconds" | "minutes" | "hours";
        /** @description The index that the documents of a collection are kept in. */
        ClusteredIndex: {
            /** @description `{ "_id": 1 }`. */
            key: components["schemas"]["Document"];
            /** @description `true`. */
            unique: boolean;
            /** @description Its name; the server gives it one if none is given. */
            name?: string | null;
        };
        /** @description The stages of an aggregation, or text that holds them as JSON. */
        Pipeline: components["schemas"]["Document"][] | string;
        /** @description Whether change streams can show documents as they were before and after a change. */
        Images: {
            /** @description Whether they can. */
            enabled: boolean;
        };
        /** @description Options of a collection or view that can be changed, as servers name them. */
        ChangedOptions: {
            /** @description What every document must match; `{}` for no rules. */
            validator?: components["schemas"]["Document"] | null;
            /** @description Which documents the validator is applied to. */
            validationLevel?: components["schemas"]["ValidationLevel"] | null;
            /** @description What becomes of a document that does not match. */
            validationAction?: components["schemas"]["ValidationAction"] | null;
            /**
             * @description Seconds after which documents of a time series or a clustered collection are removed, or
             *     `off`.
             */
            expireAfterSeconds?: components["schemas"]["Expiry"] | null;
            /** @description How much of a time series is kept together; it can only grow. */
            timeseries?: components["schemas"]["ChangedBuckets"] | null;
            /**
             * Format: int64
             * @description Bytes that a capped collection holds at most; since MongoDB 6.0.
             */
            cappedSize?: number | null;
            /**
             * Format: int64
             * @description Documents that a capped collection holds at most; since MongoDB 6.0.
             */
            cappedMax?: number | null;
            /** @description The collection that a view shows. */
            viewOn?: string | null;
            /** @description What the view makes of it. */
            pipeline?: components["schemas"]["Pipeline"] | null;
            /** @description Whether change streams can show documents as they were before and after a change. */
            changeStreamPreAndPostImages?: components["schemas"]["Images"] | null;
        };
        /** @description When documents are removed. */
        Expiry: number | components["schemas"]["Off"];
        /** @enum {string} */
        Off: "off";
        /** @description How much of a time series is kept together. */
        ChangedBuckets: {
            /** @description How far measurements are apart. */
            granularity?: components["schemas"]["Granularity"] | null;
            /**
             * Format: int64
             * @description Seconds that one bucket spans at most.
             */
            bucketMaxSpanSeconds?: number | null;
            /**
             * Format: int64
             * @description Seconds to which the start of a bucket is rounded: the same number.
             */
            bucketRoundingSeconds?: number | null;
        };
        /** @description What to change of an index. */
        ChangedIndex: {
            /** @description Its exact name. */
            name: string;
            /** @description Whether queries pass it over. It is kept up to date meanwhile. */
            hidden?: boolean | null;
            /**
             * Format: int64
             * @description Seconds after which documents are removed.
             */
            expireAfterSeconds?: number | null;
            /**
             * @description Refuse new documents that would break uniqueness, before the index becomes unique; since
             *     MongoDB 6.0.
             */
            prepareUnique?: boolean | null;
            /** @description `true` makes the index unique; since MongoDB 6.0. */
            unique?: boolean | null;
        };
        /** @description Which form of Extended JSON to write. */
        Mode: "relaxed" | "canonical";
        /** @description Options of a new index, as servers name them. */
        IndexOptions: {
            /** @description Its name; made of the fields, as drivers do it, if not given. */
            name?: string | null;
            /**
             * @description Refuse documents with values that another has.
             * @default false
             */
            unique?: boolean;
            /**
             * @description Leave out documents without the fields.
             * @default false
             */
            sparse?: boolean;
            /**
             * @description Let no query use it; it is kept up to date all the same.
             * @default false
             */
            hidden?: boolean;
            /**
             * Format: int64
             * @description Seconds after the date in its field at which a document is removed.
             */
            expireAfterSeconds?: number | null;
            /** @description Which documents are in it. */
            partialFilterExpression?: components["schemas"]["Document"] | null;
            /** @description How text is compared: `{ locale, strength, … }`. */
            collation?: components["schemas"]["Document"] | null;
            /** @description Which fields a wildcard index of all fields has: `{ field: 1 }` or `{ field: 0 }`. */
            wildcardProjection?: components["schemas"]["Document"] | null;
            /** @description How much a word in each field of a text index counts. */
            weights?: components["schemas"]["Document"] | null;
            /** @description The language of a text index. */
            default_language?: string | null;
            /** @description The field that has the language of a document, for a text index. */
            language_override?: string | null;
            /**
             * Format: int32
             * @description Version of a text index.
             */
            textIndexVersion?: number | null;
            /**
             * Format: int32
             * @description Version of a 2dsphere index.
             */
            "2dsphereIndexVersion"?: number | null;
            /**
             * Format: int32
             * @description Bits of precision of a 2d index, 1 to 32.
             */
            bits?: number | null;
            /**
             * Format: double
             * @description The least coordinate of a 2d index.
             */
            min?: number | null;
            /**
             * Format: double
             * @description The greatest coordinate of a 2d index.
             */
            max?: number | null;
            /**
             * @description Let the index be built on when the caller leaves or its time is up.
             * @default false
             */
            background?: boolean;
        };
        /** @description How many members of a replica set must be ready. */
        Quorum: number | string;
        /**
         * @description What is told of a key.
         * @enum {string}
         */
        Detail: "type" | "ttl" | "size" | "encoding";
        /** @description A score or an id: both are text, and scores may be numbers. */
        Bound: string | components["schemas"]["Score"];
        /** @description A floating point number; `inf` and `-inf` as text. */
        Score: number | string;
        /** @description How a string is shown. */
        View: "value" | "bits";
        /**
         * @description A type that Redis itself has.
         * @enum {string}
         */
        ValueType: "string" | "hash" | "list" | "set" | "zset" | "stream";
        /** @description The type that the key holds, and what to change of it. */
        Change: {
            string: components["schemas"]["StringEdit"];
        } | {
            hash: components["schemas"]["HashEdit"];
        } | {
            list: components["schemas"]["ListEdit"];
        } | {
            set: components["schemas"]["SetEdit"];
        } | {
            zset: components["schemas"]["ZsetEdit"];
        } | {
            stream: components["schemas"]["StreamEdit"];
        } | {
            hyperloglog: components["schemas"]["HyperloglogEdit"];
        };
        /** @description Changes of a string, which may also be a number or a bitmap. */
        StringEdit: {
            set: {
                /** @description The new value. */
                value: components["schemas"]["TextOrBytes"];
                /** @description Only if this is the value still. */
                if_unchanged?: components["schemas"]["TextOrBytes"] | null;
            };
        } | {
            append: {
                /** @description What to add. */
                value: components["schemas"]["TextOrBytes"];
            };
        } | {
            set_range: {
                /**
                 * Format: uint64
                 * @description The first byte that is overwritten; a gap behind the end is filled with zeros.
                 */
                offset: number;
                /** @description What to write. */
                value: components["schemas"]["TextOrBytes"];
                /** @description Only if these bytes are there still, from `offset` on. */
                if_unchanged?: components["schemas"]["TextOrBytes"] | null;
            };
        } | {
            increment: {
                /** @description What to add; may be negative. */
                by: components["schemas"]["Integer64OrDigits"];
            };
        } | {
            increment_float: {
                /** @description What to add; may be negative. */
                by: components["schemas"]["Score"];
            };
        } | {
            set_bit: {
                /**
                 * Format: uint32
                 * @description Its position; the first bit is the highest of the first byte.
                 */
                offset: number;
                /**
                 * Format: uint8
                 * @description 0 or 1.
                 */
                bit: number;
            };
        };
        /** @description A 64-bit integer; as digits where a JSON number would lose some. */
        Integer64OrDigits: number | string | {
            $numberLong: string;
        };
        /** @description Changes of a hash. */
        HashEdit: {
            set: {
                /** @description `[[field, value], …]`, each field once. */
                fields: [
                    components["schemas"]["TextOrBytes"],
                    components["schemas"]["TextOrBytes"]
                ][];
                /**
                 * @description Only if these have these values still: `[[field, value], …]`, `null` for one that must
                 *     not exist.
                 */
                if_unchanged?: [
                    components["schemas"]["TextOrBytes"],
                    components["schemas"]["TextOrBytes"] | null
                ][];
            };
        } | {
            delete: {
                /** @description Their names. */
                fields: components["schemas"]["TextOrBytes"][];
                /** @description Only if these have these values still. */
                if_unchanged?: [
                    components["schemas"]["TextOrBytes"],
                    components["schemas"]["TextOrBytes"] | null
                ][];
            };
        } | {
            increment: {
                /** @description Its name. */
                field: components["schemas"]["TextOrBytes"];
                /** @description What to add; may be negative. */
                by: components["schemas"]["Integer64OrDigits"];
            };
        } | {
            increment_float: {
                /** @description Its name. */
                field: components["schemas"]["TextOrBytes"];
                /** @description What to add; may be negative. */
                by: components["schemas"]["Score"];
            };
        } | {
            expire: {
                /** @description Their names. */
                fields: components["schemas"]["TextOrBytes"][];
                /**
                 * Format: int64
                 * @description Seconds to live; −1 is as long as the key.
                 */
                ttl?: number | null;
                /**
                 * Format: int64
                 * @description Milliseconds to live; −1 is as long as the key.
                 */
                ttl_ms?: number | null;
                /**
                 * Format: uint64
                 * @description When they end, in seconds since 1970.
                 */
                at?: number | null;
                /**
                 * Format: uint64
                 * @description When they end, in milliseconds since 1970.
                 */
                at_ms?: number | null;
            };
        };
        /** @description Changes of a list. Indexes count from 0; negative ones from the end, −1 being the last. */
        ListEdit: {
            set: {
                /**
                 * Format: int64
                 * @description Where.
                 */
                index: number;
                /** @description The new element. */
                value: components["schemas"]["TextOrBytes"];
                /** @description Only if this is there still: lists move. */
                if_unchanged: components["schemas"]["TextOrBytes"];
            };
        } | {
            insert: {
                /** @description Before or after it. */
                side: components["schemas"]["Beside"];
                /** @description The element that is there. */
                pivot: components["schemas"]["TextOrBytes"];
                /** @description The new one. */
                value: components["schemas"]["TextOrBytes"];
            };
        } | {
            insert_at: {
                /**
                 * Format: int64
                 * @description Where.
                 */
                index: number;
                /** @description Before or after it. */
                side: components["schemas"]["Beside"];
                /** @description The new element. */
                value: components["schemas"]["TextOrBytes"];
                /** @description Only if this is at the index still. */
                if_unchanged: components["schemas"]["TextOrBytes"];
            };
        } | {
            push: {
                /** @description Left is the head, right the tail. */
                side: components["schemas"]["End"];
                /** @description The new elements. */
                values: components["schemas"]["TextOrBytes"][];
            };
        } | {
            remove: {
                /** @description The value. */
                value: components["schemas"]["TextOrBytes"];
                /**
                 * Format: int64
                 * @description The first so many, from the tail if negative; 0 is all.
                 */
                count: number;
            };
        } | {
            remove_at: {
                /**
                 * Format: int64
                 * @description Where.
                 */
                index: number;
                /** @description Only if this is there still. */
                if_unchanged: components["schemas"]["TextOrBytes"];
            };
        } | {
            trim: {
                /**
                 * Format: int64
                 * @description The first that is kept.
                 */
                start: number;
                /**
                 * Format: int64
                 * @description The last that is kept.
                 */
                stop: number;
            };
        };
        /**
         * @description A side of an element.
         * @enum {string}
         */
        Beside: "before" | "after";
        /**
         * @description An end of a list.
         * @enum {string}
         */
        End: "left" | "right";
        /** @description Changes of a set. */
        SetEdit: {
            add: {
                /** @description The members. */
                members: components["schemas"]["TextOrBytes"][];
            };
        } | {
            remove: {
                /** @description The members. */
                members: components["schemas"]["TextOrBytes"][];
            };
        };
        /** @description Changes of a sorted set. */
        ZsetEdit: {
            add: {
                /** @description `[[member, score], …]`, each member once. */
                members: [
                    components["schemas"]["TextOrBytes"],
                    components["schemas"]["Score"]
                ][];
                /**
                 * @description Only if these have these scores still: `[[member, score], …]`, `null` for one that must
                 *     not exist.
                 */
                if_unchanged?: [
                    components["schemas"]["TextOrBytes"],
                    components["schemas"]["Score"] | null
                ][];
            };
        } | {
            increment: {
                /** @description The member. */
                member: components["schemas"]["TextOrBytes"];
                /** @description What to add; may be negative. */
                by: components["schemas"]["Score"];
            };
        } | {
            remove: {
                /** @description The members. */
                members: components["schemas"]["TextOrBytes"][];
            };
        };
        /** @description Changes of a stream. Ids are `ms-sequence`, or `ms` alone. */
        StreamEdit: {
            add: {
                /** @description `[[name, value], …]`, in order; names may repeat. */
                fields: [
                    components["schemas"]["TextOrBytes"],
                    components["schemas"]["TextOrBytes"]
                ][];
                /** @description Its id, greater than all others; default `*`, which lets the server choose. */
                id?: string | null;
                /**
                 * Format: uint64
                 * @description Entries that are kept; older ones are removed.
                 */
                max_length?: number | null;
                /** @description The id from which on entries are kept. */
                min_id?: string | null;
                /**
                 * @description Removes exactly those; else some may be kept, which is much less work.
                 * @default false
                 */
                exact?: boolean;
            };
        } | {
            trim: {
                /**
                 * Format: uint64
                 * @description Entries that are kept.
                 */
                max_length?: number | null;
                /** @description The id from which on entries are kept. */
                min_id?: string | null;
                /**
                 * @description Removes exactly those; else some may be kept, which is much less work.
                 * @default false
                 */
                exact?: boolean;
            };
        } | {
            delete: {
                /** @description Their ids. */
                ids: string[];
            };
        } | {
            group_create: {
                /** @description Its name. */
                group: components["schemas"]["TextOrBytes"];
                /** @description The entry behind which it begins: `0` for everything, `$` for what is yet to come. */
                id: string;
            };
        } | {
            group_destroy: {
                /** @description Its name. */
                group: components["schemas"]["TextOrBytes"];
            };
        } | {
            group_set_id: {
                /** @description Its name. */
                group: components["schemas"]["TextOrBytes"];
                /** @description The entry: `0` for everything, `$` for what is yet to come. */
                id: string;
            };
        } | {
            ack: {
                /** @description The group's name. */
                group: components["schemas"]["TextOrBytes"];
                /** @description Ids of the entries. */
                ids: string[];
            };
        } | {
            claim: {
                /** @description The group's name. */
                group: components["schemas"]["TextOrBytes"];
                /** @description Who gets them; made where there is none of that name. */
                consumer: components["schemas"]["TextOrBytes"];
                /** @description Ids of the entries. */
                ids: string[];
                /**
                 * Format: uint64
                 * @description Only those that were idle for this many milliseconds; default 0.
                 * @default 0
                 */
                min_idle_ms?: number;
            };
        } | {
            delete_consumer: {
                /** @description The group's name. */
                group: components["schemas"]["TextOrBytes"];
                /** @description The consumer's name. */
                consumer: components["schemas"]["TextOrBytes"];
            };
        };
        /** @description Changes of a HyperLogLog. */
        HyperloglogEdit: {
            add: {
                /** @description The elements. */
                elements: components["schemas"]["TextOrBytes"][];
            };
        };
        /**
         * @description Kinds that `CLIENT LIST` tells apart.
         * @enum {string}
         */
        ClientKind: "normal" | "master" | "replica" | "pubsub";
        /** @description An index, by its keys or by its name. */
        HintInput: components["schemas"]["Document"] | string;
        /** @description Whether documents are parts of the answer or texts in it. */
        ShownAs: "json" | "text";
        /** @description Which BSON type a plain `_id` is of. */
        IdType: "objectid" | "string" | "int" | "long" | "double" | "decimal" | "uuid" | "date" | "bool" | "null";
        /** @description How the segment is encoded. */
        Encoding2: "base64url";
        /** @description Update operators (`{ "$set": … }`), or an array of stages. */
        Update: Record<string, unknown> | unknown[] | string;
        /** @description What to change, and how. */
        BulkUpdate: {
            /** @description Which documents. */
            filter: components["schemas"]["Document"];
            /** @description Update operators, or an array of stages. */
            update: components["schemas"]["Update"];
            /** @description Which items of arrays `$[name]` in the operators means. */
            arrayFilters?: components["schemas"]["Document"][];
            /**
             * @description Make a document if none matches.
             * @default false
             */
            upsert?: boolean;
            /** @description How text is compared: `{ "locale": "de" }`. */
            collation?: components["schemas"]["Document"] | null;
            /** @description The index to use: its keys, or its name. */
            hint?: components["schemas"]["HintInput"] | null;
        };
        /** @description What to delete. */
        BulkDelete: {
            /** @description Which documents. */
            filter: components["schemas"]["Document"];
            /** @description How text is compared: `{ "locale": "de" }`. */
            collation?: components["schemas"]["Document"] | null;
            /** @description The index to use: its keys, or its name. */
            hint?: components["schemas"]["HintInput"] | null;
        };
        /** @description One write, by the name that drivers give it. */
        WriteInput: {
            insertOne: components["schemas"]["BulkInsert"];
        } | {
            updateOne: components["schemas"]["BulkUpdate"];
        } | {
            updateMany: components["schemas"]["BulkUpdate"];
        } | {
            replaceOne: components["schemas"]["BulkReplace"];
        } | {
            deleteOne: components["schemas"]["BulkDelete"];
        } | {
            deleteMany: components["schemas"]["BulkDelete"];
        };
        /** @description What to insert. */
        BulkInsert: {
            /** @description The document. */
            document: components["schemas"]["Document"];
        };
        /** @description What to replace. */
        BulkReplace: {
            /** @description Which document. */
            filter: components["schemas"]["Document"];
            /** @description The new document. */
            replacement: components["schemas"]["Document"];
            /**
             * @description Make the document if none matches.
             * @default false
             */
            upsert?: boolean;
            /** @description How text is compared: `{ "locale": "de" }`. */
            collation?: components["schemas"]["Document"] | null;
            /** @description The index to use: its keys, or its name. */
            hint?: components["schemas"]["HintInput"] | null;
        };
        /** @description How to run a pipeline. */
        RunOptions: {
            /** @description Let stages that sort or group use the server's disk. */
            allowDiskUse?: boolean | null;
            /** @description Values that expressions can name: with `{ "limit": 5 }` there is a `$$limit`. */
            let?: components["schemas"]["Document"] | null;
            /**
             * Format: uint64
             * @description Milliseconds after which the server gives up; never more than the request has left.
             */
            maxTimeMS?: number | null;
            /** @description How text is compared: `{ "locale": "de", "strength": 2 }`. */
            collation?: components["schemas"]["Document"] | null;
            /** @description The index to use. */
            hint?: components["schemas"]["HintInput"] | null;
            /** @description `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`. */
            readPreference?: string | null;
            /** @description `local`, `available`, `majority`, `linearizable` or `snapshot`. */
            readConcern?: string | null;
        };
        /** @description How to read. */
        ReadOptions: {
            /**
             * Format: uint64
             * @description Milliseconds after which the server gives up; never more than the request has left.
             */
            maxTimeMS?: number | null;
            /** @description How text is compared: `{ "locale": "de", "strength": 2 }`. */
            collation?: components["schemas"]["Document"] | null;
            /** @description The index to use. */
            hint?: components["schemas"]["HintInput"] | null;
            /** @description `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`. */
            readPreference?: string | null;
            /** @description `local`, `available`, `majority`, `linearizable` or `snapshot`. */
            readConcern?: string | null;
        };
        /** @description How to choose documents. */
        SampleMethod: "random" | "head";
        /** @description A query. */
        ExplainedFind: {
            /** @description Which documents. */
            filter?: components["schemas"]["Document"];
            /** @description Which of their fields. */
            projection?: components["schemas"]["Document"] | null;
            /** @description In which order. */
            sort?: components["schemas"]["Document"] | null;
            /**
             * Format: uint32
             * @description How many to pass over.
             */
            skip?: number | null;
            /**
             * Format: uint32
             * @description How many at most.
             */
            limit?: number | null;
        };
        /** @description A pipeline. */
        ExplainedAggregate: {
            /** @description The stages. */
            pipeline: components["schemas"]["Pipeline"];
        };
        /** @description A count. */
        ExplainedCount: {
            /** @description Of which documents. */
            filter?: components["schemas"]["Document"];
        };
        /** @description The different values of a field. */
        ExplainedDistinct: {
            /** @description Path of the field. */
            key: string;
            /** @description In which documents. */
            filter?: components["schemas"]["Document"];
        };
        /** @description An update. */
        ExplainedUpdate: {
            /** @description Of which documents. */
            filter?: components["schemas"]["Document"];
            /** @description Update operators, or an array of stages. */
            update: components["schemas"]["Update"];
            /**
             * @description All of them, and not the first.
             * @default false
             */
            multi?: boolean;
            /**
             * @description Make a document where there is none.
             * @default false
             */
            upsert?: boolean;
        };
        /** @description A delete. */
        ExplainedDelete: {
            /** @description Of which documents. */
            filter?: components["schemas"]["Document"];
            /**
             * @description All of them, and not the first.
             * @default false
             */
            multi?: boolean;
        };
        /** @description How much to find out. */
        Verbosity: "queryPlanner" | "executionStats" | "allPlansExecution";
        /** @description Which document an update is told with. */
        FullDocument: "default" | "updateLookup" | "whenAvailable" | "required";
        /** @description Whether a change is told with the document as it was before. */
        BeforeChange: "off" | "whenAvailable" | "required";
        /** @description { "$timestamp": { "t": …, "i": … } }, { "$date": … }, or a date as text. */
        Moment: Record<string, unknown> | string;
        /** @description How documents follow each other in a file. */
        FileFormat: "ndjson" | "json" | "csv";
        /** @description What happens to a document whose `_id` is in the collection already. */
        OnConflict2: "refuse" | "skip" | "replace";
        /** @description How rows are written. */
        Format: "objects" | "rows";
        /**
         * @description The methods that can be sent.
         * @enum {string}
         */
        RequestMethod: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
        /** @description One page of connections. */
        ConnectionPage: {
            /** @description Those of the environment first, then from the newest on. */
            databases: components["schemas"]["Connection"][];
            /** @description Where the next page begins; `null` on the last. */
            cursor: string | null;
        };
        /** @description A registered connection, without its secrets. */
        Connection: {
            /** @description UUID. */
            id: string;
            /** @description UUID of the project it belongs to. */
            project_id: string;
            /** @description That project's `ref`, which names it in URLs. */
            project_ref: string;
            /** @description That project's name. */
            project_name: string;
            /** @description Name of the project's organization, if it has one. */
            organization_name: string | null;
            /** @description Slug of that organization. */
            organization_slug: string | null;
            /** @description What it connects to. */
            database_type: components["schemas"]["DatabaseType"];
            /** @description The same. */
            type: components["schemas"]["DatabaseType"];
            /** @description Its name, unique in the project. */
            identifier: string;
            /** @description The same. */
            name: string;
            /** @description What people wrote about it. */
            description: string | null;
            /** @description `redis://default:***@host:6379/0`: the password is hidden. */
            connection_string: string;
            /** @description The first host. */
            host: string | null;
            /**
             * Format: uint16
             * @description Its port; `null` for `mongodb+srv`, and for a Bun API on its scheme's own port.
             */
            port: number | null;
            /** @description `null` for Redis, whose number is `options.db`, and for a Bun API. */
            database_name: string | null;
            /** @description User or role. */
            username: string | null;
            /** @description Whether a password, or an API key, is stored. */
            has_password: boolean;
            /** @description Options of its type, none of them secret. */
            options: {
                [key: string]: unknown;
            };
            /** @description The same. */
            config: {
                [key: string]: unknown;
            };
            /** @description Whether it is the one that is meant where none is named. */
            is_primary: boolean;
            /** @description How it is doing. */
            status: components["schemas"]["ConnectionStatus"];
            /** @description When it last worked, RFC 3339 in UTC; `null` if it never did. */
            last_connected_at: string | null;
            /** @description Why it last failed, until it works again. */
            last_error: string | null;
            /**
             * Format: int64
             * @description Raised on every change of where it goes.
             */
            version: number;
            /** @description Whether it can be changed here: those of the environment can't. */
            editable: boolean;
            /** @description When it was registered, RFC 3339 in UTC. */
            created_at: string | null;
            /** @description When it last changed, RFC 3339 in UTC. */
            updated_at: string | null;
        };
        /** @description How many connections there are. */
        ConnectionStats: {
            /**
             * Format: int64
             * @description All.
             */
            total: number;
            /**
             * Format: int64
             * @description Worked when last tried.
             */
            active: number;
            /**
             * Format: int64
             * @description Saved without being tried.
             */
            inactive: number;
            /**
             * Format: int64
             * @description Failed when last tried.
             */
            error: number;
            /**
             * Format: int64
             * @description Being tried.
             */
            connecting: number;
            /**
             * Format: int64
             * @description Worked within the last hour.
             */
            recently_connected: number;
            /** @description Of each type that this installation has. */
            by_type: {
                [key: string]: components["schemas"]["StateCounts"];
            };
        };
        /** @description How many connections are in which state. */
        StateCounts: {
            /**
             * Format: int64
             * @description All.
             */
            total: number;
            /**
             * Format: int64
             * @description Worked when last tried.
             */
            active: number;
            /**
             * Format: int64
             * @description Saved without being tried.
             */
            inactive: number;
            /**
             * Format: int64
             * @description Failed when last tried.
             */
            error: number;
            /**
             * Format: int64
             * @description Being tried.
             */
            connecting: number;
            /**
             * Format: int64
             * @description Worked within the last hour.
             */
            recently_connected: number;
        };
        /** @description How one page of connections is doing. */
        ConnectionsHealth: {
            /**
             * Format: uint
             * @description How many of the page are so; the next three likewise.
             */
            healthy: number;
            /** Format: uint */
            degraded: number;
            /** Format: uint */
            down: number;
            /** Format: uint */
            unknown: number;
            /** @description In the order of the list of connections. */
            databases: components["schemas"]["ConnectionHealth"][];
            /** @description Where the next page begins; `null` on the last. */
            cursor: string | null;
        };
        /** @description How one connection is doing. */
        ConnectionHealth: {
            /** @description UUID of the connection. */
            databaseId: string;
            /** @description Its name in the project. */
            identifier: string;
            /** @description The `ref` of its project. */
            project_ref: string;
            /** @description What it connects to. */
            type: components["schemas"]["DatabaseType"];
            status: components["schemas"]["Condition"];
            /**
             * Format: double
             * @description Milliseconds; `null` when it was not tried now.
             */
            latency: number | null;
            /** @description When it last worked before, RFC 3339 in UTC; `null` if it never did. */
            last_connected_at: string | null;
            /** @description Why it does not work, as far as is known. */
            error: string | null;
        };
        /** @description How a connection is doing. */
        Condition: "healthy" | "degraded" | "down" | "unknown";
        /** @description How a connection test went. */
        TestResult: {
            /** @description Whether the connection can be used. */
            success: boolean;
            /**
             * Format: double
             * @description How long the `ping` step took, else the whole test, in milliseconds.
             */
            latency_ms: number;
            /** @description Version of the server; `null` where it was not told. */
            version: string | null;
            /** @description Why it failed. */
            error?: string | null;
            /** @description The error code of the failure. */
            code?: components["schemas"]["FailureCode"] | null;
            /**
             * @description The steps, in order. The last one is the one that the test failed at, if it did. `tls` may
             *     be not `ok` in a test that succeeds: the server has none, and the target does not insist.
             */
            steps: components["schemas"]["TestStep"][];
            /** @description Of Redis: `standalone`, `cluster` or `sentinel`. */
            mode?: string | null;
            /** @description Of Redis, for people: `1.23M`. */
            memory_used?: string | null;
            /** @description Of MongoDB. */
            topology?: components["schemas"]["MongoTopology"] | null;
            /** @description Of MongoDB: the names of at most 1000 databases that the user may see. */
            databases?: string[] | null;
            /** @description Of PostgreSQL: whether the connection is. */
            encrypted?: boolean | null;
            /** @description Of PostgreSQL: `UTF8`. */
            server_encoding?: string | null;
            /** @description Of PostgreSQL: whether the role is one. */
            is_superuser?: boolean | null;
            /** @description Of PostgreSQL: whether the server copies from another one, and takes no writes. */
            is_standby?: boolean | null;
            /** @description Of PostgreSQL: what is not safe about a connection that works. */
            warnings?: string[] | null;
            /** @description Of a Bun API: the header of this name. */
            server?: string | null;
        };
        /** @description Stable error codes; each has one HTTP status and one JavaScript class. */
        FailureCode: "VALIDATION_ERROR" | "DB_QUERY_ERROR" | "UNAUTHENTICATED" | "PERMISSION_DENIED" | "OPERATION_NOT_ALLOWED" | "HOST_NOT_ALLOWED" | "DB_NOT_FOUND" | "CONFLICT" | "WRONG_TYPE" | "PAYLOAD_TOO_LARGE" | "RATE_LIMITED" | "INTERNAL_ERROR" | "DB_INVALID_CREDENTIALS" | "DB_CONNECTION_FAILED" | "POOL_EXHAUSTED" | "DB_TLS_ERROR" | "DB_TIMEOUT";
        /** @description One step of a connection test. */
        TestStep: {
            /**
             * @description What was tried.
             * @enum {string}
             */
            name: "resolve" | "connect" | "tls" | "auth" | "ping" | "capabilities";
            /** @description Whether it succeeded. */
            ok: boolean;
            /**
             * Format: double
             * @description How long it took, in milliseconds.
             */
            ms: number;
            /** @description Why it did not. */
            message?: string | null;
        };
        /** @description How a MongoDB server stands to others. */
        MongoTopology: "standalone" | "replica_set" | "sharded";
        /** @description A connection that was removed. */
        RemovedConnection: {
            /** @description Its id. */
            id: string;
        };
        /** @description One page of a project's connections of one type. */
        ProjectConnections: {
            /** @description The primary first, then in order of registration. */
            connections: components["schemas"]["Connection"][];
            /** @description Where the next page begins; `null` on the last. */
            cursor: string | null;
        };
        Undeclared: unknown;
        /** @description A page of the channels that have subscribers. */
        ChannelPage: {
            /**
             * @description On the first page without a `pattern`, also the patterns that this process subscribes to: the
             *     server tells no names of patterns.
             */
            channels: components["schemas"]["ListedChannel"][];
            /**
             * Format: int64
             * @description How many patterns anybody subscribes to.
             */
            patterns: number;
            /**
             * Format: uint
             * @description How many channels there are on all pages.
             */
            total: number;
            /** @description `"0"` after the last page. */
            cursor: string;
            /** @description A node of the cluster could not be asked. */
            may_be_incomplete: boolean;
            warnings: components["schemas"]["Warnings"];
        };
        /** @description A channel, or a pattern of channels, that has subscribers. */
        ListedChannel: {
            channel: components["schemas"]["TextOrBytes"];
            /**
             * Format: int64
             * @description Summed over the nodes of a cluster; `null` for a pattern, and where the user may not know.
             */
            subscribers: number | null;
            pattern: boolean;
            sharded: boolean;
            /**
             * Format: uint
             * @description Subscriptions of this process. Those of one user share a connection, and are one of the server's
             *     `subscribers`.
             */
            subscribers_here: number;
        };
        /** @description What could not be told, and why; each member once. */
        Warnings: components["schemas"]["Warning"][];
        /** @description Something that could not be told. */
        Warning: {
            /** @description The member that is `null`, or lacks something. */
            field: string;
            /** @description For programs. */
            code: components["schemas"]["FailureCode"];
            /** @description For people. */
            message: string;
        };
        /** @description What became of a message. */
        PublishedMessage: {
            /**
             * Format: int64
             * @description How many subscribers it was sent to.
             */
            subscribers_reached: number;
            counted_on: components["schemas"]["CountedOn"];
        };
        /** @description Whose subscribers were counted. */
        CountedOn: "server" | "node";
        /** @description What a subscriber reads. */
        SubscriptionMessage: {
            /** @constant */
            type: "message";
            /** @description The channel that it was published to. */
            channel: components["schemas"]["TextOrBytes"];
            /** @description The pattern that it came by. */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description Whether it is a sharded channel; not there where it is none. */
            sharded?: boolean | null;
            /** @description What was published. */
            data: components["schemas"]["TextOrBytes"];
        } | components["schemas"]["TopicName"] | components["schemas"]["TopicName"] | {
            /** @constant */
            type: "gap";
            /**
             * Format: uint64
             * @description How many; `null` where nobody knows.
             */
            dropped: number | null;
            /** @description Why. */
            reason: components["schemas"]["GapReason"];
            /** @description Not there for a pattern. */
            channel?: components["schemas"]["TextOrBytes"] | null;
            /** @description Not there for a channel. */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description Whether it is a sharded channel; not there where it is none. */
            sharded?: boolean | null;
        } | {
            /** @constant */
            type: "error";
            /** @description For programs. */
            code: components["schemas"]["FailureCode"];
            /** @description For people. */
            message: string;
            /** @description Not there for a pattern. */
            channel?: components["schemas"]["TextOrBytes"] | null;
            /** @description Not there for a channel. */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description Whether it is a sharded channel; not there where it is none. */
            sharded?: boolean | null;
        } | components["schemas"]["Cause"];
        /** @description A channel or a pattern. */
        TopicName: {
            /** @description Not there for a pattern. */
            channel?: components["schemas"]["TextOrBytes"] | null;
            /** @description Not there for a channel. */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description Whether it is a sharded channel; not there where it is none. */
            sharded?: boolean | null;
        };
        /** @description Why messages were missed. */
        GapReason: "slow_reader" | "reconnected" | "too_large";
        /** @description Why something within an answer failed. */
        Cause: {
            /** @description For programs. */
            code: components["schemas"]["FailureCode"];
            /** @description For people. */
            message: string;
        };
        /** @description What the client asks for once it is connected. */
        SubscriptionRequest: {
            type: components["schemas"]["SubscriptionVerb"];
            /**
             * @description The channels or patterns. To unsubscribe from none in particular is to unsubscribe from all of the
             *     kind.
             */
            channels?: components["schemas"]["TextOrBytes"][];
        };
        SubscriptionVerb: ("subscribe" | "unsubscribe") | "psubscribe" | "punsubscribe" | "ssubscribe" | "sunsubscribe";
        /** @description What is told of work on many keys. */
        BulkRecord: {
            progress: components["schemas"]["BulkProgress"];
        } | {
            problem: components["schemas"]["KeyProblem"];
        } | {
            preview: components["schemas"]["KeyPreview"];
        } | {
            end: components["schemas"]["BulkEnd"];
        } | components["schemas"]["BulkBegin"];
        /** @description How far the work is. */
        BulkProgress: {
            /**
             * Format: uint64
             * @description Looked at by the server.
             */
            examined: number;
            /**
             * Format: uint64
             * @description Meant.
             */
            matched: number;
            /** Format: uint64 */
            done: number;
            /**
             * Format: uint64
             * @description There was nothing to do.
             */
            skipped: number;
            /** Format: uint64 */
            failed: number;
            /**
             * Format: uint64
             * @description They may or may not have been done, and are never sent again.
             */
            unknown: number;
            /** @description The node of a cluster that was walked through last; else `null`. */
            node: string | null;
            /**
             * Format: double
             * @description The last round trip, in milliseconds.
             */
            round_trip_ms: number;
            /**
             * Format: double
             * @description What a round trip takes when nothing is slow, in milliseconds.
             */
            baseline_ms: number;
            /**
             * Format: double
             * @description All pauses so far that the server was given, in milliseconds.
             */
            throttled_ms: number;
        };
        /** @description A key that is not what it should be, or may not be. */
        KeyProblem: {
            /** @description At most its first 1000 bytes; `null` for what is about no key. */
            key: components["schemas"]["TextOrBytes"] | null;
            outcome: components["schemas"]["Outcome"];
            /** @description For programs. */
            code: components["schemas"]["FailureCode"];
            /** @description For people, at most 500 characters. */
            message: string;
        };
        /**
         * @description Whether the operation took effect on the server.
         *
         *     A retry, by us or by the caller, is only safe after [`Outcome::NotApplied`] or for reads.
         */
        Outcome: "applied" | "not_applied" | "unknown";
        /** @description A key that would be changed. */
        KeyPreview: {
            key: components["schemas"]["TextOrBytes"];
            type: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970; `null` where it does not expire, or the user may not know.
             */
            expires_at: number | null;
            /**
             * Format: uint64
             * @description Bytes of memory, estimated; `null` where the user may not know.
             */
            size: number | null;
        };
        /** @description What was done. */
        BulkEnd: {
            /**
             * Format: uint64
             * @description Looked at by the server.
             */
            examined: number;
            /**
             * Format: uint64
             * @description Meant.
             */
            matched: number;
            /** Format: uint64 */
            done: number;
            /**
             * Format: uint64
             * @description There was nothing to do.
             */
            skipped: number;
            /** Format: uint64 */
            failed: number;
            /**
             * Format: uint64
             * @description They may or may not have been done, and are never sent again.
             */
            unknown: number;
            ended_by: components["schemas"]["WorkEndedBy"];
            /** @description Slots moved or another server took over: keys may have been missed. */
            may_be_incomplete: boolean;
            /**
             * @description Whether each key is counted once. With more than 900,000 keys not all are remembered; then the
             *     counts are those of visits.
             */
            exact: boolean;
            /**
             * Format: uint64
             * @description Of a sample: how many keys would match in all.
             */
            estimated?: number | null;
            /**
             * Format: uint64
             * @description Problems that were counted and not told.
             */
            problems_untold: number;
            /**
             * Format: double
             * @description The last round trip, in milliseconds.
             */
            round_trip_ms: number;
            /**
             * Format: double
             * @description What a round trip takes when nothing is slow, in milliseconds.
             */
            baseline_ms: number;
            /**
             * Format: double
             * @description All pauses so far that the server was given, in milliseconds.
             */
            throttled_ms: number;
        };
        /** @description Why the work ended. */
        WorkEndedBy: "completion" | "sample" | "stop" | "shutdown" | "leaving" | "failure";
        /** @description What is to be done. */
        BulkBegin: {
            /** @description With it the work is asked to stop. */
            job: string;
            action: components["schemas"]["Action"];
            dry_run: boolean;
            /**
             * Format: uint64
             * @description Keys of the database; `null` where the user may not know.
             */
            keyspace: number | null;
        };
        /** @description Work that was asked to stop. */
        StoppingJob: {
            job: string;
            /** @description Always: whether it has stopped is its own stream's to say. */
            stopping: boolean;
        };
        /** @description A line of an export. Times are milliseconds since 1970. */
        ExportLine: {
            skipped: components["schemas"]["SkippedKey"];
        } | {
            warning: components["schemas"]["Warning"];
        } | {
            gone: boolean;
        } | {
            checkpoint: components["schemas"]["ExportCheckpoint"];
        } | {
            end: components["schemas"]["ExportEnd"];
        } | components["schemas"]["ExportHeader"] | components["schemas"]["ExportedKey"] | components["schemas"]["DumpedKey"] | components["schemas"]["ExportedPart"] | components["schemas"]["ExportedPending"];
        /** @description A key that could not be read. */
        SkippedKey: {
            key: components["schemas"]["TextOrBytes"];
            /** @description `null` where it is not known. */
            type: string | null;
            /** @description For programs. */
            code: components["schemas"]["FailureCode"];
            /** @description For people. */
            message: string;
        };
        /** @description Where an export can be taken up. */
        ExportCheckpoint: {
            cursor: string;
            /**
             * Format: uint64
             * @description Complete keys.
             */
            keys: number;
            /**
             * Format: uint64
             * @description Keys that could not be read.
             */
            skipped: number;
            /** Format: uint64 */
            lines: number;
            /** @description Of the lines, their ends included. */
            sha256: string;
        };
        /** @description What is said of the export as a whole. */
        ExportEnd: {
            /**
             * Format: uint64
             * @description Complete keys.
             */
            keys: number;
            /**
             * Format: uint64
             * @description Keys that could not be read.
             */
            skipped: number;
            /** Format: uint64 */
            lines: number;
            /** @description Of the lines, their ends included. */
            sha256: string;
            /** @description Slots moved or another server took over: keys may have been missed. */
            may_be_incomplete: boolean;
            /**
             * @description Whether each key occurs once. With more than 900,000 keys not all are remembered; and a key that
             *     was `skipped` may have been met again, and be there too.
             */
            exact: boolean;
        };
        /** @description What the export is of. */
        ExportHeader: {
            /**
             * Format: uint8
             * @description The version of the format: 1.
             */
            redis_export: number;
            /**
             * Format: uint64
             * @description When it began.
             */
            at: number;
            server: components["schemas"]["ExportedFrom"];
            filter: components["schemas"]["ExportFilter"];
            /** @description The checkpoint that it goes on from, if it does. */
            continues?: string | null;
        };
        /** @description The server; `null` is what the user may not know. */
        ExportedFrom: {
            version: string | null;
            /** @description `standalone`, `cluster` or `sentinel`. */
            mode: string | null;
        };
        /** @description Which keys were asked for; all of them where it is empty. */
        ExportFilter: {
            /** @description Those that fit it. */
            pattern?: components["schemas"]["TextOrBytes"] | null;
            /** @description Those of this type. */
            type?: string | null;
            /**
             * Format: uint
             * @description Those of a list: how many it names.
             */
            keys?: number | null;
        };
        /** @description A key with its value, or the beginning of it. */
        ExportedKey: {
            key: components["schemas"]["TextOrBytes"];
            /** @description Not there where it does not expire. */
            expires_at?: components["schemas"]["Integer64"] | null;
            /** @description Of a hash: fields that expire, and when. */
            field_expires?: [
                components["schemas"]["TextOrBytes"],
                components["schemas"]["Integer64"]
            ][] | null;
            /** @description Of a stream: what it is besides its entries. */
            stream?: components["schemas"]["ExportedStream"] | null;
            /** @description Whether the next line goes on with it; not there where none does. */
            more?: boolean | null;
            /** @description Whether it was seen to change while it was read in parts; not there where it was not. */
            changed?: boolean | null;
        } & ({
            /** @constant */
            type: "string";
            value: components["schemas"]["TextOrBytes"];
        } | {
            /** @constant */
            type: "hash";
            value: [
                components["schemas"]["TextOrBytes"],
                components["schemas"]["TextOrBytes"]
            ][];
        } | {
            /** @constant */
            type: "list";
            value: components["schemas"]["TextOrBytes"][];
        } | {
            /** @constant */
            type: "set";
            value: components["schemas"]["TextOrBytes"][];
        } | {
            /** @constant */
            type: "zset";
            value: [
                components["schemas"]["TextOrBytes"],
                string
            ][];
        } | {
            /** @constant */
            type: "stream";
            value: components["schemas"]["ExportedEntry"][];
        });
        /** @description A 64-bit integer; as digits where a JSON number would lose some. */
        Integer64: number | {
            $numberLong: string;
        };
        /** @description An entry of a stream. */
        ExportedEntry: {
            id: string;
            /** @description Names and values, in their order. */
            fields: [
                components["schemas"]["TextOrBytes"],
                components["schemas"]["TextOrBytes"]
            ][];
        };
        /** @description A stream without its entries. */
        ExportedStream: {
            /** @description Of the last entry there ever was. */
            last_id: string;
            /** @description How many entries there ever were; servers before 7.0 do not tell. */
            entries_added?: components["schemas"]["Integer64"];
            /** @description The greatest that was deleted; servers before 7.0 do not tell. */
            max_deleted_id?: string;
            groups: components["schemas"]["ExportedGroup"][];
        };
        /** @description A consumer group. */
        ExportedGroup: {
            name: components["schemas"]["TextOrBytes"];
            last_delivered_id: string;
            /** @description Not there where the server does not know. */
            entries_read?: components["schemas"]["Integer64"];
        };
        /** @description A module's value, as `DUMP` gave it. */
        DumpedKey: {
            key: components["schemas"]["TextOrBytes"];
            type: string;
            /** @description Not there where it does not expire. */
            expires_at?: components["schemas"]["Integer64"] | null;
            /** @description Base64. */
            dump: string;
            /** @description Without it, it is not imported. Not there where the installation has no encryption key. */
            seal?: string | null;
        };
        /** @description More of a value. */
        ExportedPart: {
            part: components["schemas"]["PartOfValue"];
            /** @description Of a hash: fields that expire, and when. */
            field_expires?: [
                components["schemas"]["TextOrBytes"],
                components["schemas"]["Integer64"]
            ][] | null;
            /** @description As in the first line of the key. */
            more?: boolean | null;
            /** @description As in the first line of the key. */
            changed?: boolean | null;
        };
        /** @description A part of a value, by the type of its key. */
        PartOfValue: components["schemas"]["TextOrBytes"] | [
            components["schemas"]["TextOrBytes"],
            components["schemas"]["TextOrBytes"]
        ][] | components["schemas"]["TextOrBytes"][] | [
            components["schemas"]["TextOrBytes"],
            string
        ][] | components["schemas"]["ExportedEntry"][];
        /** @description Deliveries of a stream that were not acknowledged. */
        ExportedPending: {
            pending: components["schemas"]["PendingOfGroup"];
            /** @description As in the first line of the key. */
            more?: boolean | null;
        };
        /** @description Deliveries of a consumer group that were not acknowledged. */
        PendingOfGroup: {
            group: components["schemas"]["TextOrBytes"];
            deliveries: components["schemas"]["ExportedDelivery"][];
        };
        /** @description A delivery that was not acknowledged. */
        ExportedDelivery: {
            /** @description The entry. */
            id: string;
            consumer: components["schemas"]["TextOrBytes"];
            at: components["schemas"]["Integer64"];
            /** @description How often it was delivered. */
            count: components["schemas"]["Integer64"];
        };
        /** @description What is told of an import. */
        ImportRecord: {
            progress: components["schemas"]["ImportCounts"];
        } | {
            problem: components["schemas"]["LineProblem"];
        } | {
            end: components["schemas"]["ImportEnd"];
        } | components["schemas"]["ImportBegin"];
        /** @description What became of lines and keys. */
        ImportCounts: {
            /**
             * Format: uint64
             * @description The last line that was read.
             */
            line: number;
            /**
             * Format: uint64
             * @description Bytes of all lines that were read.
             */
            bytes: number;
            /**
             * Format: uint64
             * @description Keys that were written.
             */
            done: number;
            /**
             * Format: uint64
             * @description Keys that were there, and still are.
             */
            skipped: number;
            /**
             * Format: uint64
             * @description Keys whose time was over.
             */
            expired: number;
            /**
             * Format: uint64
             * @description Lines that can't be read, and keys that can't be written.
             */
            failed: number;
            /**
             * Format: uint64
             * @description Keys that may or may not have been written.
             */
            unknown: number;
            /**
             * Format: uint64
             * @description Where an import that goes on from here begins (`from_line`).
             */
            resume_line: number;
        };
        /** @description What went wrong, and in which line. */
        LineProblem: {
            /** Format: uint64 */
            line: number;
            /** @description At most its first 1000 bytes; `null` for what is about no key. */
            key: components["schemas"]["TextOrBytes"] | null;
            outcome: components["schemas"]["Outcome"];
            /** @description For programs. */
            code: components["schemas"]["FailureCode"];
            /** @description For people, at most 500 characters. */
            message: string;
        };
        /** @description What was done. */
        ImportEnd: {
            /**
             * Format: uint64
             * @description The last line that was read.
             */
            line: number;
            /**
             * Format: uint64
             * @description Bytes of all lines that were read.
             */
            bytes: number;
            /**
             * Format: uint64
             * @description Keys that were written.
             */
            done: number;
            /**
             * Format: uint64
             * @description Keys that were there, and still are.
             */
            skipped: number;
            /**
             * Format: uint64
             * @description Keys whose time was over.
             */
            expired: number;
            /**
             * Format: uint64
             * @description Lines that can't be read, and keys that can't be written.
             */
            failed: number;
            /**
             * Format: uint64
             * @description Keys that may or may not have been written.
             */
            unknown: number;
            /**
             * Format: uint64
             * @description Where an import that goes on from here begins (`from_line`).
             */
            resume_line: number;
            /**
             * Format: uint64
             * @description Problems that were counted and not told.
             */
            problems_untold: number;
            checksum: components["schemas"]["Checksum"];
            ended_by: components["schemas"]["WorkEndedBy"];
        };
        /** @description What the checksum of the file said. */
        Checksum: "right" | "wrong" | "missing";
        /** @description What is to be done. */
        ImportBegin: {
            /** @description With it the work is asked to stop. */
            job: string;
            dry_run: boolean;
        };
        /** @description A database in the list of databases. */
        DatabaseEntry: {
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description Bytes on disk; `null` where the user may not know, or it was not asked for.
             */
            size_on_disk: number | null;
            /** @description Whether it holds no data; `null` as above. */
            empty: boolean | null;
            /**
             * Format: uint64
             * @description How many collections and views it has; `null` where that took too long or is not allowed, or
             *     was not asked for.
             */
            collections: number | null;
        };
        /** @description A database that was made. */
        DatabaseMade: {
            name: string;
            /** @description Its first collection. */
            collection: string;
        };
        /** @description What was removed. */
        Dropped: {
            /** @description Its name. */
            dropped: string;
        };
        /** @description Sizes of a database. */
        DatabaseSizes: {
            /** @description Its name. */
            db: string;
            /**
             * Format: int64
             * @description Collections.
             */
            collections: number;
            /**
             * Format: int64
             * @description Views.
             */
            views: number;
            /**
             * Format: int64
             * @description Documents.
             */
            objects: number;
            /**
             * Format: double
             * @description Bytes of a document on average, whatever the scale.
             */
            avg_obj_size: number;
            /**
             * Format: int64
             * @description Size of the documents before compression.
             */
            data_size: number;
            /**
             * Format: int64
             * @description Size of the collections on disk.
             */
            storage_size: number;
            /**
             * Format: int64
             * @description Indexes.
             */
            indexes: number;
            /**
             * Format: int64
             * @description Size of the indexes on disk.
             */
            index_size: number;
            /**
             * Format: int64
             * @description Size of the collections and indexes on disk.
             */
            total_size: number;
            /**
             * Format: int64
             * @description Used on the file system that the data is on; `null` where the server does not tell.
             */
            fs_used_size: number | null;
            /**
             * Format: int64
             * @description Size of that file system; `null` where the server does not tell.
             */
            fs_total_size: number | null;
            /**
             * Format: int64
             * @description How many bytes one unit of the sizes stands for.
             */
            scale: number;
        };
        /** @description A collection in the list of collections. */
        CollectionEntry: {
            /** @description Its name. */
            name: string;
            /** @description `collection`, `view` or `timeseries`, as the server names it. */
            type: string;
            /** @description What it is for those who use it. */
            kind: components["schemas"]["CollectionKind"];
            /** @description What it was created with. */
            options: components["schemas"]["Document"];
            /**
             * @description Its sizes; `null` for a view, where they were not asked for, and where the collection did not
             *     tell them in time or to this user.
             */
            info: components["schemas"]["CollectionSizes"] | null;
        };
        /** @description What a collection is for those who use it. */
        CollectionKind: "collection" | "capped" | "view" | "timeseries";
        /** @description Sizes of a collection. */
        CollectionSizes: {
            /**
             * Format: int64
             * @description Documents; `null` for a time series, whose server does not count them.
             */
            count: number | null;
            /**
             * Format: int64
             * @description Bytes of the documents before compression.
             */
            size: number;
            /**
             * Format: int64
             * @description Bytes of a document on average; `null` for a time series.
             */
            avg_obj_size: number | null;
            /**
             * Format: int64
             * @description Bytes on disk.
             */
            storage_size: number;
            /**
             * Format: int64
             * @description Indexes.
             */
            indexes: number;
            /**
             * Format: int64
             * @description Bytes of the indexes on disk.
             */
            index_size: number;
            /** @description Whether it has a fixed size. */
            capped: boolean;
        };
        /** @description A collection that was made. */
        CollectionMade: {
            name: string;
        };
        /** @description A collection that was changed. */
        CollectionChanged: {
            /** @description The collection as it is now, without its sizes; `null` if it could not be looked at. */
            collection: components["schemas"]["CollectionEntry"] | null;
            /** @description What the server told of the change: of options the values before and after. */
            result: components["schemas"]["Document"];
        };
        /** @description Which documents a validator would refuse. */
        Validated: {
            /** @description Some of the documents that do not match. */
            documents: components["schemas"]["Document"][];
            /** @description Whether all documents match; `null` if that could not be found out in time. */
            valid: boolean | null;
            /** @description How many do not match. */
            violating: components["schemas"]["DocumentCount"];
            /** @description Whether fewer are shown than asked for, because they are too large together. */
            truncated: boolean;
        };
        /** @description How many documents there are. */
        DocumentCount: {
            /**
             * Format: uint64
             * @description The number; `null` if it took too long to find out.
             */
            value: number | null;
            /** @description How the number came about. */
            kind: components["schemas"]["DocumentCountKind"];
        };
        /** @description How a number of documents came about. */
        DocumentCountKind: "exact" | "estimate" | "timeout";
        /** @description An index of a collection. */
        IndexShown: {
            name: string;
            /** @description Its fields in their order: `1` or `-1`, or what else is kept of them. */
            key: components["schemas"]["Document"] | null;
            /** @description What it is good for. */
            kind: components["schemas"]["IndexKind"];
            /** @description Whether it refuses documents with values that another has. */
            unique: boolean;
            /** @description Whether it leaves out documents without the fields. */
            sparse: boolean;
            /** @description Whether no query can use it. */
            hidden: boolean;
            /**
             * Format: int64
             * @description Seconds after the date in its field at which it removes documents; `null` if it does not.
             */
            ttl: number | null;
            /** @description Which documents are in it; `null` for all. */
            partial_filter: components["schemas"]["Document"] | null;
            /** @description How text is compared; `null` for byte by byte. */
            collation: components["schemas"]["Document"] | null;
            /** @description Which fields a wildcard index has; `null` for all. */
            wildcard_projection: components["schemas"]["Document"] | null;
            /** @description What else its definition says, as the server names it. */
            options: components["schemas"]["Document"];
            /**
             * Format: int64
             * @description Bytes on disk; `null` where the connection's user may not know it.
             */
            size: number | null;
            /** @description How often it was used; `null` where the connection's user may not know it. */
            usage: components["schemas"]["IndexUsage"] | null;
            /** @description How far it is, while it is being built; else `null`. */
            building: components["schemas"]["IndexProgress"] | null;
            /** @description What speaks against keeping it as it is. */
            warnings: components["schemas"]["IndexAdvice"][];
        };
        /** @description What an index is good for. */
        IndexKind: "single" | "compound" | "text" | "2dsphere" | "2d" | "hashed" | "wildcard" | "clustered";
        /**
         * @description How often an index was used. Each server counts for itself, from when it was started or the index
         *     was made.
         */
        IndexUsage: {
            /**
             * Format: int64
             * @description Operations on all servers that were asked.
             */
            ops: number;
            /** @description All of them have counted since then; `null` where one does not tell. */
            since: string | null;
            /** @description Server by server. */
            hosts: components["schemas"]["IndexHostUsage"][];
        };
        /** @description How often one server used an index. */
        IndexHostUsage: {
            /** @description The server. */
            host: string;
            /** @description Its shard, in a sharded cluster. */
            shard?: string | null;
            /**
             * Format: int64
             * @description Operations.
             */
            ops: number;
            /** @description It has counted since then; `null` where it does not tell. */
            since: string | null;
        };
        /** @description How far an index is while it is being built. */
        IndexProgress: {
            /** @description What the server does, in its words; `null` where the user may not see it. */
            message: string | null;
            /**
             * Format: int64
             * @description How much of that is done; `null` where it is not told, as below.
             */
            done: number | null;
            /**
             * Format: int64
             * @description How much there is to do.
             */
            total: number | null;
            /**
             * Format: int64
             * @description For how many seconds it has been at it.
             */
            seconds: number | null;
        };
        /** @description What speaks against keeping an index as it is. */
        IndexAdvice: {
            /** @description What it is. */
            kind: components["schemas"]["IndexAdviceKind"];
            /** @description The same for people. */
            reason: string;
            /** @description The index that serves the same queries, if that speaks against it. */
            covered_by?: string | null;
        };
        /** @description What speaks against keeping an index as it is. */
        IndexAdviceKind: "duplicate" | "prefix" | "unused" | "hidden";
        /** @description An index that is asked for. */
        IndexMade: {
            name: string;
            state: components["schemas"]["IndexState"];
        };
        /** @description What became of an index that is asked for. */
        IndexState: "built" | "exists" | "building";
        /** @description How far an index is; the last record says that it is there. */
        IndexRecord: {
            /** @constant */
            state: "building";
            name: string;
            /** @description What the server does, in its words; `null` where the user may not see it. */
            message: string | null;
            /**
             * Format: int64
             * @description How much of that is done; `null` where it is not told, as below.
             */
            done: number | null;
            /**
             * Format: int64
             * @description How much there is to do.
             */
            total: number | null;
            /**
             * Format: int64
             * @description For how many seconds it has been at it.
             */
            seconds: number | null;
        } | {
            /** @constant */
            state: "built";
            name: string;
        } | {
            /** @constant */
            state: "exists";
            name: string;
        };
        /** @description What the indexes of a collection take, and what they do for it. */
        IndexStats: {
            /**
             * Format: int64
             * @description Bytes of all indexes on disk; `null` where the connection's user may not know it.
             */
            total_size: number | null;
            indexes: components["schemas"]["NamedFigures"][];
            /** @description What could not be told. */
            warnings: components["schemas"]["Warnings"];
        };
        /** @description What is known of an index beside its definition. */
        NamedFigures: {
            name: string;
            /**
             * Format: int64
             * @description Bytes on disk; `null` where the connection's user may not know it.
             */
            size: number | null;
            /** @description How often it was used; `null` where the connection's user may not know it. */
            usage: components["schemas"]["IndexUsage"] | null;
            /** @description How far it is, while it is being built; else `null`. */
            building: components["schemas"]["IndexProgress"] | null;
            /** @description What speaks against keeping it as it is. */
            warnings: components["schemas"]["IndexAdvice"][];
        };
        /**
         * @description What a server says of itself. What the connection's user may not know is `null`, and `warnings` has
         *     why.
         */
        MongoServer: {
            /** @description `7.0.14`. */
            version: string | null;
            /** @description The commit that it was built from. */
            git_version: string | null;
            /** @description `enterprise`, where it is. */
            modules: string[];
            /** @description Its memory allocator. */
            allocator: string | null;
            /**
             * Format: int64
             * @description Bits of its processor's addresses.
             */
            bits: number | null;
            /**
             * Format: int64
             * @description Bytes of a document at most.
             */
            max_document_bytes: number | null;
            /** @description How it stands to others. */
            topology: components["schemas"]["MongoTopology"];
            /** @description Its own name and port. */
            host: string | null;
            /** @description `mongod` or `mongos`. */
            process: string | null;
            /** @description `wiredTiger`. */
            storage_engine: string | null;
            /**
             * Format: int64
             * @description Since it was started.
             */
            uptime_seconds: number | null;
            /** @description The server's clock, RFC 3339 in UTC. */
            local_time: string | null;
            connections: components["schemas"]["MongoConnections"] | null;
            /** @description Operations of clients since it was started. */
            opcounters: components["schemas"]["Opcounters"] | null;
            /** @description Operations that it replicated since. */
            opcounters_replicated: components["schemas"]["Opcounters"] | null;
            /** @description Operations at this moment. */
            operations: components["schemas"]["OperationQueue"] | null;
            memory: components["schemas"]["MongoMemory"] | null;
            /** @description Since it was started. */
            network: components["schemas"]["MongoNetwork"] | null;
            cache: components["schemas"]["StorageCache"] | null;
            /** @description The replica set that it is a member of, if it is. */
            replication: components["schemas"]["MongoReplication"] | null;
            /** @description The shards behind it, if it is a router. */
            shards: components["schemas"]["Shard"][] | null;
            /** @description Our own connections to it. */
            pool: components["schemas"]["MongoPool"];
            /** @description What the connection's user may not know. */
            warnings: components["schemas"]["Warnings"];
        };
        /** @description Connections of all clients to a server. */
        MongoConnections: {
            /**
             * Format: int64
             * @description Open at this moment.
             */
            current: number | null;
            /**
             * Format: int64
             * @description So many more may be opened.
             */
            available: number | null;
            /**
             * Format: int64
             * @description With an operation under way.
             */
            active: number | null;
            /**
             * Format: int64
             * @description Since it was started.
             */
            total_created: number | null;
        };
        /** @description How many operations of each kind there were. */
        Opcounters: {
            /** Format: int64 */
            insert: number;
            /** Format: int64 */
            query: number;
            /** Format: int64 */
            update: number;
            /** Format: int64 */
            delete: number;
            /** Format: int64 */
            getmore: number;
            /** Format: int64 */
            command: number;
        };
        /** @description How many operations run, and how many wait for a lock. */
        OperationQueue: {
            /** Format: int64 */
            reading: number | null;
            /** Format: int64 */
            writing: number | null;
            /** Format: int64 */
            waiting_to_read: number | null;
            /** Format: int64 */
            waiting_to_write: number | null;
        };
        /** @description The memory of a server's process. */
        MongoMemory: {
            /** Format: int64 */
            resident_bytes: number | null;
            /** Format: int64 */
            virtual_bytes: number | null;
        };
        /** @description What a server received and sent. */
        MongoNetwork: {
            /** Format: int64 */
            bytes_in: number | null;
            /** Format: int64 */
            bytes_out: number | null;
            /** Format: int64 */
            requests: number | null;
        };
        /** @description The cache of the storage engine. */
        StorageCache: {
            /** Format: int64 */
            max_bytes: number | null;
            /** Format: int64 */
            used_bytes: number | null;
            /**
             * Format: int64
             * @description Not yet written to disk.
             */
            dirty_bytes: number | null;
            /**
             * Format: int64
             * @description Read into it since it was started.
             */
            read_bytes: number | null;
            /**
             * Format: int64
             * @description Written from it since it was started.
             */
            written_bytes: number | null;
        };
        /** @description The replica set that a server is a member of. */
        MongoReplication: {
            /** @description Its name. */
            set: string | null;
            /** @description What this member is. */
            state: components["schemas"]["MemberState"];
            /** @description This member's address. */
            me: string | null;
            /** @description The primary's address; `null` while there is none. */
            primary: string | null;
            /** @description Addresses of members that hold data. */
            hosts: string[];
            /** @description Addresses of members that can't become primary. */
            passives: string[];
            /** @description Addresses of members that only vote. */
            arbiters: string[];
            /** @description How the members do; empty where the user may not know. */
            members: components["schemas"]["ReplicaSetMember"][];
        };
        /** @description What a member of a replica set is at this moment. */
        MemberState: "primary" | "secondary" | "arbiter" | "other";
        /** @description A member of a replica set. */
        ReplicaSetMember: {
            /**
             * Format: int64
             * @description Its number.
             */
            id: number | null;
            /** @description Its address. */
            host: string;
            /** @description `PRIMARY`, `SECONDARY`, `RECOVERING`, … */
            state: string;
            /** @description Whether it answers. */
            healthy: boolean;
            /** @description Whether it is the one that was asked. */
            is_self: boolean;
            /**
             * Format: int64
             * @description Seconds since it was started.
             */
            uptime_seconds: number | null;
            /** @description When its last operation was made, RFC 3339 in UTC. */
            last_operation: string | null;
            /**
             * Format: int64
             * @description Seconds that it is behind the primary; of secondaries alone.
             */
            lag_seconds: number | null;
            /**
             * Format: int64
             * @description Milliseconds to it and back.
             */
            ping_ms: number | null;
            /** @description Where it copies from. */
            sync_source: string | null;
            /** @description What it has to say. */
            message: string | null;
        };
        /** @description A shard of a cluster. */
        Shard: {
            /** @description Its name. */
            id: string;
            /** @description Its replica set and members: `set/host:port,…`. */
            host: string;
        };
        /** @description Connections of our own. */
        MongoPool: {
            /**
             * Format: uint32
             * @description Connections that are open.
             */
            open: number;
            /**
             * Format: uint32
             * @description Connections that are working on a request.
             */
            in_use: number;
            /**
             * Format: uint32
             * @description Requests that wait for a connection.
             */
            waiting: number;
            /**
             * Format: uint32
             * @description How many may be open.
             */
            max: number;
        };
        /** @description Operations that run. */
        RunningOperations: {
            /** @description The longest first. */
            operations: components["schemas"]["RunningOperation"][];
            /** @description There are more. */
            truncated: boolean;
            /** @description That the connection's user may not see those of others. */
            warnings: components["schemas"]["Warnings"];
        };
        /** @description An operation that runs. What the server does not say of it is `null`. */
        RunningOperation: {
            /** @description Its number; with the shard's name before it in a sharded cluster: `"shard01:12345"`. */
            opid: components["schemas"]["OperationId"] | null;
            /** @description `op`, `idleSession` or `idleCursor`. */
            type: string | null;
            /** @description `query`, `insert`, `update`, `remove`, `getmore`, `command` or `none`. */
            op: string | null;
            /** @description Database and collection: `db.coll`. */
            ns: string | null;
            /** @description Whether it works, and is not idle. */
            active: boolean | null;
            /**
             * Format: int64
             * @description For how long it has been running.
             */
            seconds: number | null;
            /**
             * Format: int64
             * @description The same.
             */
            microseconds: number | null;
            /** @description The address it came from. */
            client: string | null;
            /** @description What the client calls itself. */
            app_name: string | null;
            /** @description `name@database`. */
            users: string[];
            /** @description What it is in the server's words. */
            desc: string | null;
            /** @description The server that runs it. */
            host: string | null;
            /** @description The shard that runs it. */
            shard: string | null;
            /** @description The command, without values unless they were asked for. */
            command: components["schemas"]["Document"] | null;
            /** @description For the next batch of a cursor: the command that opened it. */
            originating_command: components["schemas"]["Document"] | null;
            /** @description What its client wrote beside it. */
            comment: string | null;
            /** @description How it finds its documents: `COLLSCAN`, `IXSCAN { a: 1 }`. */
            plan_summary: string | null;
            /** @description What it does and how far it is. */
            message: string | null;
            /**
             * Format: int64
             * @description Steps of `total` that are done.
             */
            done: number | null;
            /**
             * Format: int64
             * @description Steps there are, of an operation that counts them.
             */
            total: number | null;
            waiting_for_lock: boolean | null;
            /** @description It was asked to end, and goes on until it can be interrupted. */
            kill_pending: boolean;
            /**
             * Format: int64
             * @description How often it let others go first.
             */
            yields: number | null;
            /** @description It was sent by this program: by this process or another of the same kind. */
            own: boolean;
            /** @description The request that sent it, where it is ours. */
            request_id: string | null;
            /** @description It belongs to no client: the server runs it for itself. */
            internal: boolean;
        };
        /** @description The number of an operation. */
        OperationId: number | string;
        /** @description What became of ending an operation. */
        EndedOperation: {
            /** @description What was to be ended. */
            operation: components["schemas"]["RunningOperation"];
            /** @description Whether it was gone a moment later; an operation ends where it can be interrupted. */
            ended: boolean;
        };
        /** @description A page of what a database's profiler recorded, and how it is set. */
        ProfilerPage: {
            /**
             * Format: int64
             * @description `0` records nothing, `1` slow operations, `2` all; `null` where the user may not know.
             */
            level: number | null;
            /**
             * Format: int64
             * @description Milliseconds from which on an operation is slow.
             */
            slow_ms: number | null;
            /**
             * Format: double
             * @description Which share of slow operations is recorded, from 0 to 1.
             */
            sample_rate: number | null;
            /** @description Which operations are recorded, instead of the slow ones. */
            filter: components["schemas"]["Document"] | null;
            /** @description From the newest on. */
            records: components["schemas"]["ProfilerRecord"][];
            /** @description Where the next page begins; `null` on the last. */
            cursor: string | null;
            /** @description What the connection's user may not see. */
            warnings: components["schemas"]["Warnings"];
        };
        /** @description An operation that was recorded. What the server did not record of it is `null`. */
        ProfilerRecord: {
            /** @description When it had ended, RFC 3339 in UTC. */
            at: string | null;
            /** @description `query`, `insert`, `update`, `remove`, `getmore` or `command`. */
            op: string | null;
            /** @description Database and collection: `db.coll`. */
            ns: string | null;
            /**
             * Format: int64
             * @description How long it took.
             */
            milliseconds: number | null;
            /** @description How it found its documents: `COLLSCAN`, `IXSCAN { a: 1 }`. */
            plan_summary: string | null;
            /** Format: int64 */
            keys_examined: number | null;
            /** Format: int64 */
            documents_examined: number | null;
            /**
             * Format: int64
             * @description How many documents; likewise the next three.
             */
            returned: number | null;
            /** Format: int64 */
            inserted: number | null;
            /** Format: int64 */
            modified: number | null;
            /** Format: int64 */
            deleted: number | null;
            /** Format: int64 */
            response_bytes: number | null;
            /**
             * Format: int64
             * @description How often it let others go first.
             */
            yields: number | null;
            /** @description Whether it sorted what no index had in order. */
            sorted: boolean;
            used_disk: boolean;
            /** @description The same for operations of the same shape. */
            query_hash: string | null;
            /** @description The address it came from. */
            client: string | null;
            /** @description What the client calls itself. */
            app_name: string | null;
            /** @description `name@database`. */
            user: string | null;
            /** @description It was sent by this program: by this process or another of the same kind. */
            own: boolean;
            /** @description The request that sent it, where it is ours. */
            request_id: string | null;
            /**
             * Format: int64
             * @description The server's code of its failure.
             */
            error_code: number | null;
            /** @description The name of that code. */
            error_name: string | null;
            /** @description The command, without values unless they were asked for. */
            command: components["schemas"]["Document"] | null;
            /** @description For the next batch of a cursor: the command that opened it. */
            originating_command: components["schemas"]["Document"] | null;
            /** @description How it was executed; only with values. */
            execution?: components["schemas"]["Document"];
        };
        /** @description Namespaces with their counts, and how much of the keyspace these stand for. */
        Tree: {
            /** @description Of a stream, those whose count has changed: it replaces what an earlier record said of them. */
            namespaces: components["schemas"]["Namespace"][];
            /** @description Keys that are in no namespace of the levels that are counted; of a stream, those not named before. */
            keys: components["schemas"]["TextOrBytes"][];
            /**
             * Format: uint64
             * @description How many such keys there are.
             */
            leaf_keys: number;
            /**
             * Format: uint64
             * @description Keys of namespaces that are not told apart, because there are too many.
             */
            other_keys: number;
            /**
             * Format: uint64
             * @description Keys that were looked at; an estimate while the server filters them.
             */
            examined: number;
            /**
             * Format: uint64
             * @description Keys of the database; `null` where the user may not know.
             */
            total: number | null;
            /** @description Whether this is the last of it. */
            done: boolean;
            /** @description Every key was examined, from the beginning on, and counted once. */
            complete: boolean;
            ended_by: components["schemas"]["WalkEndedBy"];
            /** @description Where to go on; `"0"` after the last key. */
            cursor: string;
            /** @description There were more namespaces or keys than `limit`: some are counted without being named. */
            limited: boolean;
            /** @description Slots moved or another server took over: keys may have been missed, or counted twice. */
            may_be_incomplete: boolean;
            warnings: components["schemas"]["Warnings"];
        };
        /** @description A namespace. */
        Namespace: {
            /** @description What its keys begin with, separator included. */
            prefix: components["schemas"]["TextOrBytes"];
            /**
             * Format: uint64
             * @description Keys in it, however deep.
             */
            keys: number;
        };
        /** @description Why looking for keys ended. */
        WalkEndedBy: "keys" | "examined" | "time" | "keyspace";
        /** @description What is new; the last record also says how the walk ended. */
        TreeRecord: {
            /** @description Of a stream, those whose count has changed: it replaces what an earlier record said of them. */
            namespaces: components["schemas"]["Namespace"][];
            /** @description Keys that are in no namespace of the levels that are counted; of a stream, those not named before. */
            keys: components["schemas"]["TextOrBytes"][];
            /**
             * Format: uint64
             * @description How many such keys there are.
             */
            leaf_keys: number;
            /**
             * Format: uint64
             * @description Keys of namespaces that are not told apart, because there are too many.
             */
            other_keys: number;
            /**
             * Format: uint64
             * @description Keys that were looked at; an estimate while the server filters them.
             */
            examined: number;
            /**
             * Format: uint64
             * @description Keys of the database; `null` where the user may not know.
             */
            total: number | null;
            /** @description Whether this is the last of it. */
            done: boolean;
            /** @description Every key was examined, from the beginning on, and counted once. */
            complete?: boolean;
            ended_by?: components["schemas"]["WalkEndedBy"];
            /** @description Where to go on; `"0"` after the last key. */
            cursor?: string;
            /** @description There were more namespaces or keys than `limit`: some are counted without being named. */
            limited?: boolean;
            /** @description Slots moved or another server took over: keys may have been missed, or counted twice. */
            may_be_incomplete?: boolean;
            warnings?: components["schemas"]["Warnings"];
        };
        /** @description What a server, or a cluster, says of itself. */
        RedisInfo: {
            server: components["schemas"]["ServerSection"] | null;
            memory: components["schemas"]["MemorySection"] | null;
            stats: components["schemas"]["StatsSection"] | null;
            clients: components["schemas"]["ClientsSection"] | null;
            persistence: components["schemas"]["PersistenceSection"] | null;
            replication: components["schemas"]["Replication"] | null;
            cpu: components["schemas"]["CpuSection"] | null;
            /** @description The databases that have keys. */
            keyspace: components["schemas"]["Keyspace"][] | null;
            /** @description The most used first. */
            commands: components["schemas"]["CommandStats"][] | null;
            errors: components["schemas"]["ErrorCount"][] | null;
            modules: components["schemas"]["RedisModule"][] | null;
            /** @description Everything by section, as the server wrote it; of a cluster it is with each node. */
            raw?: components["schemas"]["InfoText"];
            /** @description The nodes of a cluster, primaries first. */
            nodes?: components["schemas"]["NodeInfo"][];
            warnings: components["schemas"]["Warnings"];
        };
        /** @description The server and its host; `null` is what it does not tell. `mode` is `standalone`, `cluster` or `sentinel`. */
        ServerSection: {
            name: string | null;
            version: string | null;
            mode: string | null;
            uptime_seconds: components["schemas"]["Integer64"] | null;
            os: string | null;
            arch_bits: components["schemas"]["Integer64"] | null;
            process_id: components["schemas"]["Integer64"] | null;
            tcp_port: components["schemas"]["Integer64"] | null;
            run_id: string | null;
            executable: string | null;
            config_file: string | null;
            io_threads_active: components["schemas"]["Integer64"] | null;
        };
        /** @description Memory, in bytes; `null` is what the server does not tell. `max_memory` is 0 without a limit. */
        MemorySection: {
            used_memory: components["schemas"]["Integer64"] | null;
            used_memory_human: string | null;
            used_memory_rss: components["schemas"]["Integer64"] | null;
            used_memory_peak: components["schemas"]["Integer64"] | null;
            used_memory_overhead: components["schemas"]["Integer64"] | null;
            used_memory_dataset: components["schemas"]["Integer64"] | null;
            used_memory_scripts: components["schemas"]["Integer64"] | null;
            total_system_memory: components["schemas"]["Integer64"] | null;
            max_memory: components["schemas"]["Integer64"] | null;
            max_memory_human: string | null;
            eviction_policy: string | null;
            /** Format: double */
            fragmentation_ratio: number | null;
            mem_clients_normal: components["schemas"]["Integer64"] | null;
            mem_replication_backlog: components["schemas"]["Integer64"] | null;
            mem_allocator: string | null;
            lazyfree_pending_objects: components["schemas"]["Integer64"] | null;
            active_defrag_running: boolean | null;
        };
        /** @description Counts since the server began; `null` is what it does not tell. `hit_rate`, from 0 to 1, is `null` before the first look-up. */
        StatsSection: {
            total_commands_processed: components["schemas"]["Integer64"] | null;
            ops_per_sec: components["schemas"]["Integer64"] | null;
            keyspace_hits: components["schemas"]["Integer64"] | null;
            keyspace_misses: components["schemas"]["Integer64"] | null;
            /** Format: double */
            hit_rate: number | null;
            total_connections_received: components["schemas"]["Integer64"] | null;
            rejected_connections: components["schemas"]["Integer64"] | null;
            expired_keys: components["schemas"]["Integer64"] | null;
            evicted_keys: components["schemas"]["Integer64"] | null;
            total_net_input_bytes: components["schemas"]["Integer64"] | null;
            total_net_output_bytes: components["schemas"]["Integer64"] | null;
            /** Format: double */
            input_kbps: number | null;
            /** Format: double */
            output_kbps: number | null;
            total_error_replies: components["schemas"]["Integer64"] | null;
            pubsub_channels: components["schemas"]["Integer64"] | null;
            pubsub_patterns: components["schemas"]["Integer64"] | null;
            pubsub_shard_channels: components["schemas"]["Integer64"] | null;
            latest_fork_usec: components["schemas"]["Integer64"] | null;
            sync_full: components["schemas"]["Integer64"] | null;
            sync_partial_ok: components["schemas"]["Integer64"] | null;
            sync_partial_err: components["schemas"]["Integer64"] | null;
            acl_access_denied_auth: components["schemas"]["Integer64"] | null;
            acl_access_denied_cmd: components["schemas"]["Integer64"] | null;
        };
        /** @description Connections, and the largest buffers of them in bytes; `null` is what the server does not tell. */
        ClientsSection: {
            connected_clients: components["schemas"]["Integer64"] | null;
            blocked_clients: components["schemas"]["Integer64"] | null;
            max_clients: components["schemas"]["Integer64"] | null;
            tracking_clients: components["schemas"]["Integer64"] | null;
            pubsub_clients: components["schemas"]["Integer64"] | null;
            client_recent_max_input_buffer: components["schemas"]["Integer64"] | null;
            client_recent_max_output_buffer: components["schemas"]["Integer64"] | null;
        };
        /** @description What is saved to files; `null` is what the server does not tell. `rdb_last_save_time` is in seconds since 1970, sizes are in bytes. */
        PersistenceSection: {
            rdb_last_save_time: components["schemas"]["Integer64"] | null;
            rdb_changes_since_last_save: components["schemas"]["Integer64"] | null;
            rdb_bgsave_in_progress: boolean | null;
            rdb_last_bgsave_status: string | null;
            rdb_last_bgsave_time_sec: components["schemas"]["Integer64"] | null;
            aof_enabled: boolean | null;
            aof_rewrite_in_progress: boolean | null;
            aof_last_bgrewrite_status: string | null;
            aof_last_write_status: string | null;
            aof_current_size: components["schemas"]["Integer64"] | null;
            aof_base_size: components["schemas"]["Integer64"] | null;
            loading: boolean | null;
            async_loading: boolean | null;
        };
        /** @description Who follows whom. */
        Replication: {
            role: string | null;
            connected_slaves: components["schemas"]["Integer64"] | null;
            master_replid: string | null;
            master_repl_offset: components["schemas"]["Integer64"] | null;
            master_failover_state: string | null;
            repl_backlog_active: boolean | null;
            repl_backlog_size: components["schemas"]["Integer64"] | null;
            repl_backlog_histlen: components["schemas"]["Integer64"] | null;
            /** @description Of a primary: those that follow it. */
            replicas: components["schemas"]["ReplicaInfo"][];
            /** @description Of a replica: whom it follows. */
            master?: components["schemas"]["PrimarySection"] | null;
        };
        /** @description A server that follows this one. */
        ReplicaInfo: {
            /** @description Its name or address. */
            host: string;
            /** Format: uint16 */
            port: number | null;
            /** @description `online`, `wait_bgsave`, `send_bulk`, … */
            state: string;
            /**
             * Format: int64
             * @description How many bytes of the primary's changes it has confirmed.
             */
            offset: number | null;
            /**
             * Format: int64
             * @description Seconds since it last confirmed its offset.
             */
            lag_seconds: number | null;
            /**
             * Format: int64
             * @description Bytes that it has not confirmed yet.
             */
            lag_bytes: number | null;
        };
        /** @description Where a replica gets its data from; `null` is what it does not tell. */
        PrimarySection: {
            host: string | null;
            port: components["schemas"]["Integer64"] | null;
            link_status: string | null;
            last_io_seconds_ago: components["schemas"]["Integer64"] | null;
            link_down_since_seconds: components["schemas"]["Integer64"] | null;
            sync_in_progress: boolean | null;
            offset: components["schemas"]["Integer64"] | null;
            priority: components["schemas"]["Integer64"] | null;
            read_only: boolean | null;
        };
        /** @description Seconds of processor time; `null` is what the server does not tell. */
        CpuSection: {
            /** Format: double */
            used_cpu_sys: number | null;
            /** Format: double */
            used_cpu_user: number | null;
            /** Format: double */
            used_cpu_sys_children: number | null;
            /** Format: double */
            used_cpu_user_children: number | null;
        };
        /** @description The keys of a database. */
        Keyspace: {
            /**
             * Format: uint32
             * @description The database's number.
             */
            db: number;
            /** Format: uint64 */
            keys: number;
            /**
             * Format: uint64
             * @description Keys that expire.
             */
            expires: number;
            /**
             * Format: uint64
             * @description Milliseconds that are left on average, of the keys that expire; of a cluster, weighted by their number.
             */
            avg_ttl_ms: number;
        };
        /** @description How often a command was called, and how long it took. */
        CommandStats: {
            /** @description `get`, `config|get`. */
            command: string;
            /** Format: uint64 */
            calls: number;
            /**
             * Format: uint64
             * @description Microseconds of all calls.
             */
            usec: number;
            /** Format: double */
            usec_per_call: number | null;
            /**
             * Format: uint64
             * @description Calls that were refused before they ran.
             */
            rejected_calls: number | null;
            /**
             * Format: uint64
             * @description Calls that failed while they ran.
             */
            failed_calls: number | null;
            /** @description Microseconds by percentile, such as `p99.9`; of a cluster they are with each node. */
            percentiles_usec?: {
                [key: string]: number;
            } | null;
        };
        /** @description How often an error was answered. */
        ErrorCount: {
            /** @description The word that the server's errors begin with: `ERR`, `WRONGTYPE`. */
            code: string;
            /** Format: uint64 */
            count: number;
        };
        /** @description A module that is loaded. */
        RedisModule: {
            name: string;
            /**
             * Format: int64
             * @description As the module counts them: `20813` may be 2.8.13.
             */
            version: number | null;
        };
        /** @description The sections as the server names and fills them. */
        InfoText: {
            [key: string]: {
                [key: string]: string;
            };
        };
        /** @description A node of a cluster. */
        NodeInfo: {
            /** @description Its node id: 40 hexadecimal digits. */
            id: string;
            /** @description Its name or address. */
            host: string;
            /**
             * Format: uint16
             * @description Its port.
             */
            port: number;
            /** @description As `INFO` has it. */
            role: components["schemas"]["NodeRole"];
            /** @description The node id of its primary, for a replica. */
            primary?: string | null;
            /** @description Why nothing is told of it. */
            error?: components["schemas"]["Cause"] | null;
            server: components["schemas"]["ServerSection"] | null;
            memory: components["schemas"]["MemorySection"] | null;
            stats: components["schemas"]["StatsSection"] | null;
            clients: components["schemas"]["ClientsSection"] | null;
            persistence: components["schemas"]["PersistenceSection"] | null;
            replication: components["schemas"]["Replication"] | null;
            cpu: components["schemas"]["CpuSection"] | null;
            /** @description The databases that have keys. */
            keyspace: components["schemas"]["Keyspace"][] | null;
            /** @description The most used first. */
            commands: components["schemas"]["CommandStats"][] | null;
            errors: components["schemas"]["ErrorCount"][] | null;
            modules: components["schemas"]["RedisModule"][] | null;
            /** @description Everything by section, as the server wrote it; of a cluster it is with each node. */
            raw?: components["schemas"]["InfoText"];
        };
        /** @description What a server of a cluster is to the others. */
        NodeRole: "master" | "slave";
        /** @description What there was to see at one moment. */
        RedisStats: {
            /**
             * Format: uint64
             * @description Milliseconds since 1970.
             */
            at: number;
            memory: components["schemas"]["MemorySection"] | null;
            stats: components["schemas"]["StatsSection"] | null;
            clients: components["schemas"]["ClientsSection"] | null;
            cpu: components["schemas"]["CpuSection"] | null;
            /** @description The databases that have keys. */
            keyspace: components["schemas"]["Keyspace"][] | null;
            /** @description What happened since the look before; `null` at the first one. */
            interval: components["schemas"]["StatsInterval"] | null;
            /** @description The nodes of a cluster, primaries first; else there are none. */
            nodes: components["schemas"]["NodeStats"][];
            warnings: components["schemas"]["Warnings"];
        };
        /** @description What happened between two looks. A counter that went backwards, as after a restart, is `null`. */
        StatsInterval: {
            /** Format: double */
            seconds: number;
            /** Format: int64 */
            commands: number | null;
            /** Format: double */
            ops_per_sec: number | null;
            /** Format: int64 */
            keyspace_hits: number | null;
            /** Format: int64 */
            keyspace_misses: number | null;
            /**
             * Format: double
             * @description Of the look-ups of the interval; `null` without any.
             */
            hit_rate: number | null;
            /** Format: int64 */
            net_input_bytes: number | null;
            /** Format: int64 */
            net_output_bytes: number | null;
            /** Format: double */
            net_input_bytes_per_sec: number | null;
            /** Format: double */
            net_output_bytes_per_sec: number | null;
            /** Format: int64 */
            expired_keys: number | null;
            /** Format: int64 */
            evicted_keys: number | null;
            /** Format: int64 */
            connections_received: number | null;
            /** Format: int64 */
            rejected_connections: number | null;
            /** Format: int64 */
            errors: number | null;
            /**
             * Format: double
             * @description Of one processor; more than 100 where several were busy.
             */
            cpu_percent: number | null;
        };
        /** @description What there was to see of a node. */
        NodeStats: {
            /** @description Its node id: 40 hexadecimal digits. */
            id: string;
            /** @description Its name or address. */
            host: string;
            /**
             * Format: uint16
             * @description Its port.
             */
            port: number;
            /** @description As `INFO` has it. */
            role: components["schemas"]["NodeRole"];
            /** @description The node id of its primary, for a replica. */
            primary?: string | null;
            /** @description Why nothing is told of it. */
            error?: components["schemas"]["Cause"] | null;
            memory: components["schemas"]["MemorySection"] | null;
            stats: components["schemas"]["StatsSection"] | null;
            clients: components["schemas"]["ClientsSection"] | null;
            cpu: components["schemas"]["CpuSection"] | null;
            /** @description The databases that have keys. */
            keyspace: components["schemas"]["Keyspace"][] | null;
            /** @description What happened since the look before; `null` at the first one. */
            interval: components["schemas"]["StatsInterval"] | null;
        };
        /** @description The databases that have keys. */
        RedisDatabases: {
            /** @description Those that have keys; of a cluster, summed over its primaries; `null` where the user may not know. */
            databases: components["schemas"]["Keyspace"][] | null;
            /** @description The database that the connection uses. */
            current: components["schemas"]["CurrentDatabase"];
            /**
             * Format: int64
             * @description How many databases the server has, whether there are keys in them or not; `null` where the user
             *     may not know.
             */
            count: number | null;
            /** @description The primaries of a cluster; not there without one. */
            nodes?: components["schemas"]["NodeSize"][];
            warnings: components["schemas"]["Warnings"];
        };
        /** @description The database that a connection uses. */
        CurrentDatabase: {
            /**
             * Format: int64
             * @description Its number.
             */
            db: number;
            /**
             * Format: int64
             * @description `null` where the user may not know.
             */
            keys: number | null;
        };
        /** @description How many keys a node has. */
        NodeSize: {
            /** @description Its node id: 40 hexadecimal digits. */
            id: string;
            /** @description Its name or address. */
            host: string;
            /**
             * Format: uint16
             * @description Its port.
             */
            port: number;
            /** @description As `INFO` has it. */
            role: components["schemas"]["NodeRole"];
            /** @description The node id of its primary, for a replica. */
            primary?: string | null;
            /**
             * Format: int64
             * @description `null` where the user may not know.
             */
            keys: number | null;
        };
        /** @description What takes the memory, as far as it is known by now. */
        MemoryReport: {
            /**
             * Format: uint64
             * @description Keys that were looked at; an estimate while the server filters them.
             */
            examined: number;
            /**
             * Format: uint64
             * @description Keys of the database; `null` where the user may not know.
             */
            total: number | null;
            /** @description All keys that are meant. */
            all: components["schemas"]["MemoryShare"];
            /**
             * Format: int64
             * @description Bytes that the server, or the cluster's primaries together, use for everything.
             */
            used_memory: number | null;
            /** @description The largest first. */
            types: components["schemas"]["TypeShare"][];
            /** @description The largest first. Keys without a separator have the empty prefix. */
            prefixes: components["schemas"]["PrefixShare"][];
            /** @description All further ones. */
            other_prefixes: components["schemas"]["MemoryShare"];
            /** @description The largest keys that were seen. */
            biggest: components["schemas"]["RankedKey"][];
            hot_keys: components["schemas"]["HotKeys"];
            /** @description How far each primary of a cluster was walked through; not there without one. */
            nodes?: components["schemas"]["NodeProgress"][];
            /** @description Whether this is the last of it. */
            done: boolean;
            /** @description Every key was examined: nothing is estimated. */
            complete: boolean;
            /** @description `null` until it has. */
            ended_by: components["schemas"]["WalkEndedBy"] | null;
            /** @description Slots moved, or a node was lost: keys may have been missed, or measured twice. */
            may_be_incomplete: boolean;
            warnings: components["schemas"]["Warnings"];
        };
        /** @description A part of what was measured; `null` for what the user may not know. */
        MemoryShare: {
            /**
             * Format: uint64
             * @description Keys that were measured.
             */
            keys: number;
            /**
             * Format: uint64
             * @description Bytes that they take.
             */
            bytes: number | null;
            /** Format: uint64 */
            average_bytes: number | null;
            /** Format: uint64 */
            largest_bytes: number | null;
            /**
             * Format: uint64
             * @description What that makes of the whole keyspace.
             */
            estimated_keys: number | null;
            /** Format: uint64 */
            estimated_bytes: number | null;
        };
        /** @description What keys of a type take. */
        TypeShare: {
            /** @description `unknown` where the user may not ask. */
            type: string;
            /**
             * Format: uint64
             * @description Keys that were measured.
             */
            keys: number;
            /**
             * Format: uint64
             * @description Bytes that they take.
             */
            bytes: number | null;
            /** Format: uint64 */
            average_bytes: number | null;
            /** Format: uint64 */
            largest_bytes: number | null;
            /**
             * Format: uint64
             * @description What that makes of the whole keyspace.
             */
            estimated_keys: number | null;
            /** Format: uint64 */
            estimated_bytes: number | null;
        };
        /** @description What keys with a prefix take. */
        PrefixShare: {
            prefix: components["schemas"]["TextOrBytes"];
            /**
             * Format: uint64
             * @description Keys that were measured.
             */
            keys: number;
            /**
             * Format: uint64
             * @description Bytes that they take.
             */
            bytes: number | null;
            /** Format: uint64 */
            average_bytes: number | null;
            /** Format: uint64 */
            largest_bytes: number | null;
            /**
             * Format: uint64
             * @description What that makes of the whole keyspace.
             */
            estimated_keys: number | null;
            /** Format: uint64 */
            estimated_bytes: number | null;
        };
        /** @description A key among the first by size or use. */
        RankedKey: {
            key: components["schemas"]["TextOrBytes"];
            /** @description `null` where the user may not ask. */
            type: string | null;
            /**
             * Format: uint64
             * @description `null` where the user may not ask.
             */
            bytes: number | null;
            /**
             * Format: uint64
             * @description The server's logarithmic counter, 0 to 255, where there is one.
             */
            frequency?: number | null;
        };
        /** @description The keys that are used most. */
        HotKeys: {
            /** @description Whether the server counts how often keys are used, and the user may know. */
            available: boolean;
            /** @description The server's `maxmemory-policy`; `null` where the user may not know. */
            policy: string | null;
            /** @description Why there are none; else `null`. */
            reason: string | null;
            /** @description The most used first. */
            keys: components["schemas"]["RankedKey"][];
        };
        /** @description How far a node was walked through. */
        NodeProgress: {
            /** @description Its node id: 40 hexadecimal digits. */
            id: string;
            /** @description Its name or address. */
            host: string;
            /**
             * Format: uint16
             * @description Its port.
             */
            port: number;
            /** @description As `INFO` has it. */
            role: components["schemas"]["NodeRole"];
            /** @description The node id of its primary, for a replica. */
            primary?: string | null;
            /** Format: uint64 */
            examined: number;
            /**
             * Format: uint64
             * @description Its keys; `null` where the user may not know.
             */
            total: number | null;
        };
        /** @description What was slow, the latest first. */
        SlowLog: {
            /** @description `null` where the user may not know. */
            entries: components["schemas"]["LoggedCommand"][] | null;
            /**
             * Format: int64
             * @description How many the servers keep; `null` where the user may not know.
             */
            total: number | null;
            /**
             * Format: int64
             * @description From how many microseconds on a command is logged; −1 logs none. `null` where the user may not
             *     know.
             */
            threshold_us: number | null;
            warnings: components["schemas"]["Warnings"];
        };
        /** @description A command that was slow. */
        LoggedCommand: {
            /**
             * Format: int64
             * @description Unique on its server.
             */
            id: number;
            /**
             * Format: int64
             * @description Seconds since 1970.
             */
            at: number;
            /** Format: int64 */
            duration_us: number;
            /** @description Without secrets. The server shortens long arguments, and long lists of them, and says so. */
            args: components["schemas"]["TextOrBytes"][];
            /** @description Its address. */
            client: components["schemas"]["TextOrBytes"] | null;
            /** @description Empty where it gave itself none. */
            client_name: components["schemas"]["TextOrBytes"] | null;
            /** @description The node of a cluster that ran it. */
            node?: components["schemas"]["ClusterNode"] | null;
        };
        /** @description Which server of a cluster something is about. */
        ClusterNode: {
            /** @description Its node id: 40 hexadecimal digits. */
            id: string;
            /** @description Its name or address. */
            host: string;
            /**
             * Format: uint16
             * @description Its port.
             */
            port: number;
            /** @description As `INFO` has it. */
            role: components["schemas"]["NodeRole"];
            /** @description The node id of its primary, for a replica. */
            primary?: string | null;
        };
        /** @description A page of clients, in the order of their nodes and ids. */
        ClientPage: {
            /** @description `null` where the user may not know. */
            clients: components["schemas"]["ConnectedClient"][] | null;
            /** @description `"0"` after the last page. */
            cursor: string;
            /**
             * Format: uint
             * @description How many there are in all, at this moment; `null` where the user may not know.
             */
            total: number | null;
            warnings: components["schemas"]["Warnings"];
        };
        /**
         * @description A client with what its server tells of it: `addr`, `name`, `age` and `idle` in seconds, `cmd`, `user`
         *     and more, with `_` for `-`; numbers where they are such.
         */
        ConnectedClient: {
            /**
             * Format: int64
             * @description Unique on its server.
             */
            id: number;
            /** @description The node of a cluster that it is connected to. */
            node?: components["schemas"]["ClusterNode"] | null;
        } & {
            [key: string]: components["schemas"]["Scalar"];
        };
        /** @description A value; `null` where the server says nothing. */
        Scalar: null | components["schemas"]["Integer64"] | number | boolean | string;
        /** @description What `CONFIG GET` tells. */
        RedisSettings: {
            /**
             * @description Values by name; of a cluster, those of its first node; `null` where the user may not know. A secret that is set
             *     is `(redacted)`, one that is not is empty.
             */
            settings: {
                [key: string]: string;
            } | null;
            /** @description The nodes of a cluster, not there without one, with what is set otherwise there. */
            nodes?: components["schemas"]["NodeSettings"][];
            warnings: components["schemas"]["Warnings"];
        };
        /** @description What is set otherwise at a node. */
        NodeSettings: {
            /** @description Its node id: 40 hexadecimal digits. */
            id: string;
            /** @description Its name or address. */
            host: string;
            /**
             * Format: uint16
             * @description Its port.
             */
            port: number;
            /** @description As `INFO` has it. */
            role: components["schemas"]["NodeRole"];
            /** @description The node id of its primary, for a replica. */
            primary?: string | null;
            /** @description What `settings` does not say, or says otherwise. */
            differing: {
                [key: string]: string;
            };
        };
        /** @description One page of documents. */
        DocumentsPage: {
            /** @description Texts where `as` asks for them. */
            documents: components["schemas"]["Document"][];
            /**
             * @description One for each document, for `if_match` of a change; `null` with a `projection`, which shows
             *     documents only in part.
             */
            etags: string[] | null;
            /**
             * Format: uint64
             * @description The count's value; `null` if there is none.
             */
            total: number | null;
            /** @description How many documents match; `null` if that was not asked for, or expressions name values. */
            count: components["schemas"]["DocumentCount"] | null;
            /**
             * Format: uint64
             * @description The number of the page, from 1.
             */
            page: number;
            /**
             * Format: uint32
             * @description How many documents it may have.
             */
            page_size: number;
            /** @description Whether this is not the end. */
            has_more: boolean;
            /** @description Whether it has fewer documents than it may have because they are too large together. */
            truncated: boolean;
            /**
             * @description Where the next page begins; `null` without `cursor` and at the end. It is `null` too where it
             *     can't be told, because of large values, of a projection that changes the fields that are sorted
             *     by, or of ids that may be equal; `has_more` says then that this is not the end, and `skip` leads
             *     on.
             */
            next_cursor: string | null;
        };
        /** @description What was inserted. */
        DocumentsInserted: {
            /**
             * @description The ids as texts: the digits of an `ObjectId`, a string as it is, anything else as canonical
             *     Extended JSON.
             */
            inserted_ids: string[];
            /** @description The ids themselves. */
            ids: components["schemas"]["CanonicalValue"][];
            /** Format: uint */
            inserted_count: number;
        };
        /** @description A value of any type as canonical Extended JSON. */
        CanonicalValue: unknown;
        /** @description A document. */
        DocumentShown: components["schemas"]["DocumentWithEtag"] | (components["schemas"]["Document"] | null);
        /** @description A document and its state. */
        DocumentWithEtag: {
            /** @description `null` if there is none. */
            document: components["schemas"]["Document"] | null;
            /** @description For `if_match` of a change; `null` if there is no document. */
            etag: string | null;
        };
        /** @description What became of a change. */
        DocumentChanged: {
            /**
             * Format: uint8
             * @description 1, or 0 if the document was made.
             */
            matched_count: number;
            /** @description The id of a document that was made; else `null`. */
            upserted_id: components["schemas"]["CanonicalValue"] | null;
            /** @description The document as it is after the change; `null` if it was deleted meanwhile. */
            document: components["schemas"]["Document"] | null;
            /** @description For `if_match` of the next change; `null` if there is no document. */
            etag: string | null;
        };
        /** @description What was deleted. */
        DocumentDeleted: {
            /**
             * Format: uint8
             * @description 1: a document that is not there is a failure.
             */
            deleted_count: number;
        };
        /** @description What was written; with `dry_run`, what would be reached. */
        BulkAnswer: components["schemas"]["BulkPreview"] | components["schemas"]["BulkWritten"];
        /** @description What a bulk write would reach. */
        BulkPreview: {
            /** @description `true`: nothing was written. */
            dry_run: boolean;
            /** @description Inserts reach no document and are left out. */
            writes: components["schemas"]["BulkReach"][];
        };
        /** @description What one write would reach. */
        BulkReach: {
            /**
             * Format: uint
             * @description Of the write, from 0.
             */
            index: number;
            /** @description How many documents match. A write to one document reaches the first of them. */
            matched: components["schemas"]["DocumentCount"];
            /** @description Some of them. */
            sample: components["schemas"]["Document"][];
        };
        /** @description What was written. */
        BulkWritten: {
            /** Format: uint */
            inserted_count: number;
            /**
             * Format: uint64
             * @description Documents that updates found.
             */
            matched_count: number;
            /**
             * Format: uint64
             * @description Documents that updates changed.
             */
            modified_count: number;
            /** Format: uint64 */
            deleted_count: number;
            inserted: components["schemas"]["BulkMade"][];
            /** @description Documents that updates made, because none matched. */
            upserted: components["schemas"]["BulkMade"][];
        };
        /** @description A document that a write made. */
        BulkMade: {
            /**
             * Format: uint
             * @description Of the write, from 0.
             */
            index: number;
            _id: components["schemas"]["CanonicalValue"];
        };
        /** @description What the stages of a pipeline do. */
        PipelinePreview: {
            sample: components["schemas"]["PipelineSample"];
            /** @description In the pipeline's order. */
            stages: components["schemas"]["StagePreview"][];
        };
        /** @description The documents that the stages are shown on. */
        PipelineSample: {
            /**
             * Format: uint32
             * @description How many were asked for.
             */
            size: number;
            /**
             * Format: uint
             * @description It is taken after so many stages.
             */
            after: number;
            /**
             * Format: uint64
             * @description How many there are; `null` if counting took too long.
             */
            documents: number | null;
            /** @description It holds everything, so that nothing misleads. */
            whole: boolean;
        };
        /** @description What one stage does. */
        StagePreview: {
            /** @description The first that it gives. */
            documents: components["schemas"]["Document"][];
            /** @description Its name: `$match`. */
            stage: string;
            /** @description It gives more documents than are shown. */
            has_more: boolean;
            /**
             * Format: uint64
             * @description How many it gives on the sample; `null` if counting took too long, and of a stage that was not run.
             */
            count: number | null;
            /**
             * Format: uint128
             * @description Milliseconds until its first documents were there; `null` of a stage that was not run.
             */
            ms: number | null;
            /** @description Why its result on a sample differs from that on everything. */
            misleading: string | null;
            /** @description Why it failed. */
            error: components["schemas"]["Cause"] | null;
            /** @description Why it was not run: it writes, or a stage before it failed. */
            skipped: string | null;
        };
        /** @description The different values of a field. */
        DistinctValues: {
            /** @description Of any types, as Extended JSON. The elements of arrays count by themselves. */
            values: unknown[];
            /** @description Whether there are more. */
            truncated: boolean;
            /** @description How they were found. */
            found_by: components["schemas"]["FoundBy"];
        };
        /** @description How the values were found. */
        FoundBy: "distinct" | "aggregation";
        /** @description What documents look like. */
        SampleShown: {
            /** @description How the documents were chosen. */
            method: components["schemas"]["SampleMethod"];
            /** @description Why no more of them were looked at. */
            ended_by: components["schemas"]["SampleEnd"];
            /**
             * Format: uint64
             * @description How long it took.
             */
            ms: number;
            /**
             * Format: uint64
             * @description How many were looked at.
             */
            documents: number;
            /**
             * Format: uint64
             * @description How large they are together.
             */
            bytes: number;
            /**
             * Format: uint
             * @description How many fields are told of.
             */
            paths: number;
            /**
             * @description Whether there was more than is kept: too many fields, too many items in an array, or names that
             *     are too long.
             */
            cut: boolean;
            /**
             * Format: uint64
             * @description Values that are in no field because of that.
             */
            left_out: number;
            /** @description A field is followed by what is inside of it. */
            fields: components["schemas"]["FieldShown"][];
        };
        /** @description Why a sample ended. */
        SampleEnd: "size" | "end" | "time";
        /** @description A field, or the items of an array. */
        FieldShown: {
            /** @description Names with dots between them; `[]` stands for the items of an array. */
            path: string;
            /** @description The names one by one; `null` stands for the items of an array. */
            keys: (string | null)[];
            /**
             * Format: uint64
             * @description Documents that have it.
             */
            documents: number;
            /**
             * Format: double
             * @description Their share of all documents, up to 1.
             */
            presence: number;
            /**
             * Format: uint64
             * @description How often it was seen; in an array of documents that may be several times in one document.
             */
            occurrences: number;
            /**
             * Format: double
             * @description The share of the embedded documents it stands in that have it; `null` for items.
             */
            presence_in_parent: number | null;
            /** @description How many different values the sample has of it, but for documents and arrays. */
            cardinality: components["schemas"]["Cardinality"];
            /** @description What its values are, the most frequent type first. */
            types: components["schemas"]["TypeShown"][];
        };
        /** @description How many different values there are in a sample. */
        Cardinality: {
            /** Format: uint64 */
            value: number;
            kind: components["schemas"]["CardinalityKind"];
        };
        /** @enum {string} */
        CardinalityKind: "exact" | "estimate";
        /** @description The values of one type in a field. What does not apply to the type is not there. */
        TypeShown: {
            /** @description As `$type` calls it: `string`, `int`, `objectId`… */
            type: string;
            /** Format: uint64 */
            count: number;
            /**
             * Format: double
             * @description Of all values of the field, up to 1.
             */
            share: number;
            /** @description The least value, as Extended JSON; of long text the beginning, with `…` after it. */
            min?: unknown;
            /** @description The greatest value. */
            max?: unknown;
            /** @description Characters of text, bytes of binary data, items of arrays, fields of documents. */
            length?: components["schemas"]["Length"] | null;
            /** @description Those that come most often. */
            values?: components["schemas"]["FrequentValue"][];
        };
        /** @description How long values are. */
        Length: {
            /** Format: uint64 */
            min: number;
            /** Format: uint64 */
            max: number;
            /**
             * Format: double
             * @description A number that is written without a fraction where it has none.
             */
            average: number;
        };
        /** @description A value that comes often. */
        FrequentValue: {
            /** @description As Extended JSON. */
            value: unknown;
            /**
             * Format: uint64
             * @description Never too small.
             */
            count: number;
            /**
             * Format: uint64
             * @description By how much the count may be too large.
             */
            error: number;
        };
        /** @description How far a sample is; the last record is what came of it. */
        SampleRecord: {
            progress: components["schemas"]["SampleProgress"];
        } | {
            schema: components["schemas"]["SampleShown"];
        };
        /** @description How far a sample is. */
        SampleProgress: {
            /**
             * Format: uint64
             * @description How many were looked at.
             */
            documents: number;
            /** Format: uint64 */
            ms: number;
        };
        /** @description How the server finds what is asked for. */
        Explanation: {
            /** @description Whether it was run. */
            executed: boolean;
            /** @description What that means, for people; `null` if it was not run. */
            note: string | null;
            summary: components["schemas"]["PlanSummary"];
            /**
             * @description The stage that gives the result, with those that feed it; `null` if the server's explanation
             *     holds none.
             */
            plan: components["schemas"]["PlanStage"] | null;
            /**
             * @description The server's own explanation; `null` if it was not asked for, or is larger than an answer may
             *     be.
             */
            raw: components["schemas"]["Document"] | null;
        };
        /** @description An explanation in short. */
        PlanSummary: {
            /** @description `null` where the explanation does not tell. */
            engine: components["schemas"]["PlanEngine"] | null;
            /**
             * Format: int64
             * @description Documents in the result; `null` if it was not run, or merged from several shards.
             */
            returned: number | null;
            /**
             * Format: int64
             * @description Documents read from collections; `null` if it was not run, as for the figures below.
             */
            docs_examined: number | null;
            /**
             * Format: int64
             * @description Index keys read.
             */
            keys_examined: number | null;
            /**
             * Format: int64
             * @description Milliseconds; of several shards the slowest.
             */
            ms: number | null;
            /** @description Names of the indexes used. */
            indexes: string[];
            /** @description Whether all that is asked for is in the index, and no document was read. */
            covered: boolean;
            /**
             * Format: uint
             * @description Plans that were considered and not chosen.
             */
            rejected_plans: number;
            /** @description What makes it slow, or will. */
            warnings: components["schemas"]["PlanWarning"][];
        };
        /** @description What runs a query. */
        PlanEngine: "classic" | "sbe" | "mixed";
        /** @description Something that makes an operation slow. */
        PlanWarning: {
            /** @description For programs. */
            code: components["schemas"]["PlanWarningCode"];
            /** @description For people. */
            message: string;
            /** @description The stage it is about. */
            stage?: string | null;
        };
        /** @description What makes an operation slow. */
        PlanWarningCode: "collection_scan" | "in_memory_sort" | "spilled_to_disk" | "examined_more_than_returned" | "index_examined_more_than_returned" | "lookup_without_index";
        /**
         * @description A stage of a plan. Documents come from its children and go to its parent; the root gives the
         *     result.
         */
        PlanStage: {
            /** @description What it does: `IXSCAN`, `FETCH`, `SORT`, `$group`… */
            stage: string;
            /** @description The shard that it runs on, where there are several. */
            shard?: string | null;
            /** @description The index it reads. */
            index?: components["schemas"]["PlanIndex"] | null;
            /** @description Which part of the index, as the server writes it: by field `["[1, 5]"]`. */
            bounds?: unknown;
            /** @description `forward` or `backward`. */
            direction?: string | null;
            /** @description What it is told: a filter, a sort order, a limit… */
            detail?: unknown;
            /**
             * Format: int64
             * @description Documents it read; `null` if it was not run, as for the figures below.
             */
            docs_examined: number | null;
            /**
             * Format: int64
             * @description Index keys it read.
             */
            keys_examined: number | null;
            /**
             * Format: int64
             * @description Documents it gave to its parent.
             */
            returned: number | null;
            /**
             * Format: int64
             * @description Milliseconds, with those of its children.
             */
            ms: number | null;
            /** @description Its memory was not enough; not there otherwise. */
            used_disk?: boolean;
            /** @description Where its documents come from. */
            children: components["schemas"]["PlanStage"][];
        };
        /** @description An index. */
        PlanIndex: {
            /** @description Its name. */
            name: string;
            /** @description Its keys; as text where the server writes them as text. */
            keys?: unknown;
        };
        /** @description What a watcher is told. Tokens are canonical Extended JSON. */
        WatchMessage: {
            /** @constant */
            type: "change";
            /** @description The server's event, with its `operationType`. */
            change: components["schemas"]["Document"];
            /** @description To begin after it. */
            resume_token: components["schemas"]["Document"];
        } | {
            /** @constant */
            type: "progress";
            /** @description To begin here. */
            resume_token: components["schemas"]["Document"] | null;
        } | components["schemas"]["Cause"] | {
            /** @constant */
            type: "invalidate";
            /** @description For `startAfter`. */
            resume_token: components["schemas"]["Document"] | null;
        } | {
            /** @constant */
            type: "gap";
            reason: components["schemas"]["WatchGap"];
            /** @description The last one that was told. */
            resume_token: components["schemas"]["Document"] | null;
        };
        /** @description Why changes are missing. */
        WatchGap: "history_lost";
        /** @description Whoever watches has nothing to say. */
        Silence: unknown;
        /** @description What is told while a file is read. */
        ImportRecord2: {
            progress: components["schemas"]["ImportCounts2"];
        } | {
            refused: components["schemas"]["RefusedRecord"];
        } | {
            done: components["schemas"]["ImportCounts2"];
        };
        /** @description How far an import is. */
        ImportCounts2: {
            /**
             * Format: uint64
             * @description Records of the body, those before `resume` among them.
             */
            read: number;
            /**
             * Format: uint64
             * @description Documents that were not there before.
             */
            inserted: number;
            /**
             * Format: uint64
             * @description Documents that took the place of others.
             */
            replaced: number;
            /**
             * Format: uint64
             * @description Documents that were there before, and stay.
             */
            skipped: number;
            /**
             * Format: uint64
             * @description Records that were not written.
             */
            refused: number;
            /** @description Where to go on after an interruption, with the same body. */
            resume: string;
            /** @description Nothing was written. */
            dry_run?: boolean;
        };
        /** @description A record that was not written. */
        RefusedRecord: {
            /**
             * Format: uint64
             * @description Its line in NDJSON, else its place among the records; from 1 on.
             */
            number: number;
            /** @description For programs. */
            code: components["schemas"]["FailureCode"];
            /** @description For people. */
            message: string;
            /** @description Whether it is there all the same. */
            outcome: components["schemas"]["Outcome"];
            /** @description What else is known of it. */
            details: {
                [key: string]: unknown;
            };
        };
        /** @description The rows of a statement, and what else is known of it. */
        Queried: {
            /** @description As `format` says: objects by column, or arrays in the order of `columns`. */
            rows: components["schemas"]["Row"][];
            /**
             * Format: uint64
             * @description Rows affected as the server counts them, else rows returned. Of a read that was cut, those
             *     that are answered; what may write runs to its end, and all of its rows count.
             */
            row_count: number;
            /** @description First word of the server's command tag: `SELECT`, `INSERT`, `CREATE`. */
            command: string | null;
            /** @description There were more rows than the row cap or the byte cap let through. */
            truncated: boolean;
            /** @description What the server remarked: `RAISE NOTICE`, `NOTICE: … skipping`; at most a hundred. */
            notices: components["schemas"]["Notice"][];
            /** @description Result columns; empty for a statement that returns no rows. */
            columns: components["schemas"]["Column"][];
        };
        /** @description `{"column": value}`, or `[value]`. */
        Row: {
            [key: string]: unknown;
        } | unknown[];
        /** @description A message of the server that is not an error. */
        Notice: {
            /** @description `NOTICE`, `WARNING`, `INFO`, … */
            severity: string;
            /** @description SQLSTATE. */
            code: string;
            /** @description The text. */
            message: string;
            /** @description More about it. */
            detail?: string | null;
            /** @description What to do about it. */
            hint?: string | null;
        };
        /** @description A result column. */
        Column: {
            /** @description Name, as the statement gives it. */
            name: string;
            /**
             * Format: uint32
             * @description `pg_type.oid`; for a domain that of its base type.
             */
            type_oid: number;
            /** @description `pg_type.typname`: `int4`, `_text` for `text[]`; `null` where it could not be found out. */
            type: string | null;
        };
        /** @description A table. */
        Table: {
            /**
             * Format: int64
             * @description Its oid.
             */
            id: number;
            schema: string;
            name: string;
            rls_enabled: boolean;
            rls_forced: boolean;
            replica_identity: components["schemas"]["ReplicaIdentity"];
            /**
             * Format: int64
             * @description With its indexes and what is kept out of line.
             */
            bytes: number;
            /** @description The same for people. */
            size: string;
            /** Format: int64 */
            live_rows_estimate: number;
            /** Format: int64 */
            dead_rows_estimate: number;
            comment: string | null;
            primary_keys: components["schemas"]["PrimaryKey"][];
            relationships: components["schemas"]["Relationship"][];
            /** @description Not there without `include_columns`. */
            columns?: components["schemas"]["TableColumn"][] | null;
        };
        /** @enum {string} */
        ReplicaIdentity: "DEFAULT" | "INDEX" | "FULL" | "NOTHING";
        /** @description A column of a primary key. */
        PrimaryKey: {
            /** Format: int64 */
            table_id: number;
            schema: string;
            table_name: string;
            name: string;
        };
        /** @description A foreign key from or to the table, once for each pair of columns. */
        Relationship: {
            /** Format: int64 */
            id: number;
            constraint_name: string;
            source_schema: string;
            source_table_name: string;
            source_column_name: string;
            target_table_schema: string;
            target_table_name: string;
            target_column_name: string;
        };
        /** @description A column of a table. */
        TableColumn: {
            /** Format: int64 */
            table_id: number;
            schema: string;
            table: string;
            /** @description Oid of the table, a dot, and the column's number. */
            id: string;
            /** Format: int64 */
            ordinal_position: number;
            name: string;
            /** @description The expression, as SQL. */
            default_value: unknown;
            /** @description As `information_schema` says it: `ARRAY`, `USER-DEFINED`, or the type's name. */
            data_type: string;
            /** @description `pg_type.typname`, of a domain's base type. */
            format: string;
            is_identity: boolean;
            /** @description `ALWAYS` or `BY DEFAULT`. */
            identity_generation: string | null;
            is_generated: boolean;
            is_nullable: boolean;
            is_updatable: boolean;
            is_unique: boolean;
            /** @description The values of an enum. */
            enums: string[];
            /** @description The first check of this column alone. */
            check: string | null;
            comment: string | null;
        };
        /** @description How a service answered when it was asked for its health. */
        ServiceHealth: {
            /** @description Whether the status is a success. */
            healthy: boolean;
            /**
             * Format: double
             * @description How long the answer took.
             */
            latency_ms: number;
            /**
             * Format: uint16
             * @description The HTTP status, whichever it was.
             */
            status: number;
            /** @description Header values by name; one that came several times is joined by commas. */
            headers: {
                [key: string]: components["schemas"]["TextOrBytes"];
            };
            /**
             * @description The service's own JSON, byte for byte, where it is JSON by type and by content; else text, or its
             *     bytes; `null` where there is none.
             */
            body: unknown;
        };
        /** @description What a service answered. */
        ServiceAnswer: {
            /**
             * Format: uint16
             * @description The HTTP status, whichever it was.
             */
            status: number;
            /** @description Header values by name; one that came several times is joined by commas. */
            headers: {
                [key: string]: components["schemas"]["TextOrBytes"];
            };
            /**
             * @description The service's own JSON, byte for byte, where it is JSON by type and by content; else text, or its
             *     bytes; `null` where there is none.
             */
            body: unknown;
        };
        /** @description How this process is. */
        Health: {
            /** @description `degraded` while the platform database can't be reached. */
            status: components["schemas"]["HealthStatus"];
            /** @description Of the package. */
            version: string;
            /** Format: uint64 */
            uptime_seconds: number;
            /** @description `null` where there is none: connections from the environment work without. */
            platform_database: components["schemas"]["PlatformHealth"] | null;
        };
        /** @enum {string} */
        HealthStatus: "ok" | "degraded";
        PlatformHealth: {
            /** @description Whether it could be reached when it was last needed; `null` if it never was. */
            ok: boolean | null;
        };
        /** @description The clients of this process. */
        PoolsShown: {
            /** @description Those of connections that the user may see. */
            pools: components["schemas"]["PoolStatus"][];
            /**
             * Format: uint
             * @description How many clients this process keeps at most.
             */
            max_clients: number;
        };
        /** @description One client, as `GET /multidb/pools` shows it. */
        PoolStatus: {
            /** @description `{project_id}:{type}:{connection_id}`. */
            key: string;
            /** @description Id of the connection. */
            connection_id: string;
            /**
             * Format: int64
             * @description Version of the connection it was made for.
             */
            version: number;
            /** @description `ready`, `connecting` or `empty`. */
            state: string;
            /**
             * Format: uint32
             * @description Requests that hold it.
             */
            leases: number;
            /**
             * Format: uint32
             * @description Connections that are open.
             */
            open: number;
            /**
             * Format: uint32
             * @description Connections that are working on a request.
             */
            in_use: number;
            /**
             * Format: uint32
             * @description Requests that wait for a connection.
             */
            waiting: number;
            /**
             * Format: uint64
             * @description Milliseconds since it was last used; `null` while it is in use.
             */
            idle_ms: number | null;
            /**
             * Format: uint64
             * @description Milliseconds since the entry was made.
             */
            age_ms: number;
            /** @description Whether callers are refused because the endpoint keeps failing. */
            circuit_open: boolean;
            /** @description The last failure, until the next success. */
            last_error: string | null;
        };
        Failure: {
            /** @description The same as in `error`. */
            message: string;
            error: {
                /** @description For people. */
                message: string;
                /**
                 * @description For programs.
                 * @enum {string}
                 */
                code: "VALIDATION_ERROR" | "DB_QUERY_ERROR" | "UNAUTHENTICATED" | "PERMISSION_DENIED" | "OPERATION_NOT_ALLOWED" | "HOST_NOT_ALLOWED" | "DB_NOT_FOUND" | "CONFLICT" | "WRONG_TYPE" | "PAYLOAD_TOO_LARGE" | "RATE_LIMITED" | "INTERNAL_ERROR" | "DB_INVALID_CREDENTIALS" | "DB_CONNECTION_FAILED" | "POOL_EXHAUSTED" | "DB_TLS_ERROR" | "DB_TIMEOUT";
                /** @description What else is known of it. */
                details?: Record<string, unknown>;
                /** @description Whether the same request may succeed later. */
                retryable: boolean;
                /**
                 * @description What is known of a write.
                 * @enum {string}
                 */
                outcome: "applied" | "not_applied" | "unknown";
                /** @description As in the log. */
                request_id: string;
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type RegistryDatabasesListInput = components['schemas']['RegistryDatabasesListInput'];
export type RegistryDatabasesListAnswer = components['schemas']['RegistryDatabasesListAnswer'];
export type RegistryDatabasesCreateInput = components['schemas']['RegistryDatabasesCreateInput'];
export type RegistryDatabasesCreateAnswer = components['schemas']['RegistryDatabasesCreateAnswer'];
export type RegistryDatabasesStatsInput = components['schemas']['RegistryDatabasesStatsInput'];
export type RegistryDatabasesStatsAnswer = components['schemas']['RegistryDatabasesStatsAnswer'];
export type RegistryDatabasesHealthInput = components['schemas']['RegistryDatabasesHealthInput'];
export type RegistryDatabasesHealthAnswer = components['schemas']['RegistryDatabasesHealthAnswer'];
export type RegistryDatabasesTestUnsavedInput = components['schemas']['RegistryDatabasesTestUnsavedInput'];
export type RegistryDatabasesTestUnsavedAnswer = components['schemas']['RegistryDatabasesTestUnsavedAnswer'];
export type RegistryDatabasesGetInput = components['schemas']['RegistryDatabasesGetInput'];
export type RegistryDatabasesGetAnswer = components['schemas']['RegistryDatabasesGetAnswer'];
export type RegistryDatabasesUpdateInput = components['schemas']['RegistryDatabasesUpdateInput'];
export type RegistryDatabasesUpdateAnswer = components['schemas']['RegistryDatabasesUpdateAnswer'];
export type RegistryDatabasesDeleteInput = components['schemas']['RegistryDatabasesDeleteInput'];
export type RegistryDatabasesDeleteAnswer = components['schemas']['RegistryDatabasesDeleteAnswer'];
export type RegistryDatabasesTestInput = components['schemas']['RegistryDatabasesTestInput'];
export type RegistryDatabasesTestAnswer = components['schemas']['RegistryDatabasesTestAnswer'];
export type RedisConnectionsListInput = components['schemas']['RedisConnectionsListInput'];
export type RedisConnectionsListAnswer = components['schemas']['RedisConnectionsListAnswer'];
export type RedisConnectionsCreateInput = components['schemas']['RedisConnectionsCreateInput'];
export type RedisConnectionsCreateAnswer = components['schemas']['RedisConnectionsCreateAnswer'];
export type RedisConnectionsUpdateInput = components['schemas']['RedisConnectionsUpdateInput'];
export type RedisConnectionsUpdateAnswer = components['schemas']['RedisConnectionsUpdateAnswer'];
export type RedisConnectionsDeleteInput = components['schemas']['RedisConnectionsDeleteInput'];
export type RedisConnectionsDeleteAnswer = components['schemas']['RedisConnectionsDeleteAnswer'];
export type RedisConnectionsTestInput = components['schemas']['RedisConnectionsTestInput'];
export type RedisConnectionsTestAnswer = components['schemas']['RedisConnectionsTestAnswer'];
export type MongodbConnectionsListInput = components['schemas']['MongodbConnectionsListInput'];
export type MongodbConnectionsListAnswer = components['schemas']['MongodbConnectionsListAnswer'];
export type MongodbConnectionsCreateInput = components['schemas']['MongodbConnectionsCreateInput'];
export type MongodbConnectionsCreateAnswer = components['schemas']['MongodbConnectionsCreateAnswer'];
export type MongodbConnectionsUpdateInput = components['schemas']['MongodbConnectionsUpdateInput'];
export type MongodbConnectionsUpdateAnswer = components['schemas']['MongodbConnectionsUpdateAnswer'];
export type MongodbConnectionsDeleteInput = components['schemas']['MongodbConnectionsDeleteInput'];
export type MongodbConnectionsDeleteAnswer = components['schemas']['MongodbConnectionsDeleteAnswer'];
export type MongodbConnectionsTestInput = components['schemas']['MongodbConnectionsTestInput'];
export type MongodbConnectionsTestAnswer = components['schemas']['MongodbConnectionsTestAnswer'];
export type PostgresConnectionsListInput = components['schemas']['PostgresConnectionsListInput'];
export type PostgresConnectionsListAnswer = components['schemas']['PostgresConnectionsListAnswer'];
export type PostgresConnectionsCreateInput = components['schemas']['PostgresConnectionsCreateInput'];
export type PostgresConnectionsCreateAnswer = components['schemas']['PostgresConnectionsCreateAnswer'];
export type PostgresConnectionsUpdateInput = components['schemas']['PostgresConnectionsUpdateInput'];
export type PostgresConnectionsUpdateAnswer = components['schemas']['PostgresConnectionsUpdateAnswer'];
export type PostgresConnectionsDeleteInput = components['schemas']['PostgresConnectionsDeleteInput'];
export type PostgresConnectionsDeleteAnswer = components['schemas']['PostgresConnectionsDeleteAnswer'];
export type PostgresConnectionsTestInput = components['schemas']['PostgresConnectionsTestInput'];
export type PostgresConnectionsTestAnswer = components['schemas']['PostgresConnectionsTestAnswer'];
export type BunConnectionsListInput = components['schemas']['BunConnectionsListInput'];
export type BunConnectionsListAnswer = components['schemas']['BunConnectionsListAnswer'];
export type BunConnectionsCreateInput = components['schemas']['BunConnectionsCreateInput'];
export type BunConnectionsCreateAnswer = components['schemas']['BunConnectionsCreateAnswer'];
export type BunConnectionsUpdateInput = components['schemas']['BunConnectionsUpdateInput'];
export type BunConnectionsUpdateAnswer = components['schemas']['BunConnectionsUpdateAnswer'];
export type BunConnectionsDeleteInput = components['schemas']['BunConnectionsDeleteInput'];
export type BunConnectionsDeleteAnswer = components['schemas']['BunConnectionsDeleteAnswer'];
export type BunConnectionsTestInput = components['schemas']['BunConnectionsTestInput'];
export type BunConnectionsTestAnswer = components['schemas']['BunConnectionsTestAnswer'];
export type RedisGetInput = components['schemas']['RedisGetInput'];
export type RedisGetAnswer = components['schemas']['RedisGetAnswer'];
export type RedisSetInput = components['schemas']['RedisSetInput'];
export type RedisSetAnswer = components['schemas']['RedisSetAnswer'];
export type RedisBatchInput = components['schemas']['RedisBatchInput'];
export type RedisBatchAnswer = components['schemas']['RedisBatchAnswer'];
export type RedisCommandInput = components['schemas']['RedisCommandInput'];
export type RedisCommandAnswer = components['schemas']['RedisCommandAnswer'];
export type RedisPubsubChannelsInput = components['schemas']['RedisPubsubChannelsInput'];
export type RedisPubsubChannelsAnswer = components['schemas']['RedisPubsubChannelsAnswer'];
export type RedisPubsubPublishInput = components['schemas']['RedisPubsubPublishInput'];
export type RedisPubsubPublishAnswer = components['schemas']['RedisPubsubPublishAnswer'];
export type RedisPubsubSubscribeInput = components['schemas']['RedisPubsubSubscribeInput'];
export type RedisPubsubSubscribeMessage = components['schemas']['RedisPubsubSubscribeMessage'];
export type RedisPubsubSubscribeRequest = components['schemas']['RedisPubsubSubscribeRequest'];
export type RedisBulkInput = components['schemas']['RedisBulkInput'];
export type RedisBulkRecord = components['schemas']['RedisBulkRecord'];
export type RedisJobsStopInput = components['schemas']['RedisJobsStopInput'];
export type RedisJobsStopAnswer = components['schemas']['RedisJobsStopAnswer'];
export type RedisExportInput = components['schemas']['RedisExportInput'];
export type RedisExportRecord = components['schemas']['RedisExportRecord'];
export type RedisExportKeysInput = components['schemas']['RedisExportKeysInput'];
export type RedisExportKeysRecord = components['schemas']['RedisExportKeysRecord'];
export type RedisImportInput = components['schemas']['RedisImportInput'];
export type RedisImportRecord = components['schemas']['RedisImportRecord'];
export type MongodbDatabasesListInput = components['schemas']['MongodbDatabasesListInput'];
export type MongodbDatabasesListAnswer = components['schemas']['MongodbDatabasesListAnswer'];
export type MongodbDatabasesCreateInput = components['schemas']['MongodbDatabasesCreateInput'];
export type MongodbDatabasesCreateAnswer = components['schemas']['MongodbDatabasesCreateAnswer'];
export type MongodbDatabasesDropInput = components['schemas']['MongodbDatabasesDropInput'];
export type MongodbDatabasesDropAnswer = components['schemas']['MongodbDatabasesDropAnswer'];
export type MongodbDatabasesStatsInput = components['schemas']['MongodbDatabasesStatsInput'];
export type MongodbDatabasesStatsAnswer = components['schemas']['MongodbDatabasesStatsAnswer'];
export type MongodbCollectionsListInput = components['schemas']['MongodbCollectionsListInput'];
export type MongodbCollectionsListAnswer = components['schemas']['MongodbCollectionsListAnswer'];
export type MongodbCollectionsCreateInput = components['schemas']['MongodbCollectionsCreateInput'];
export type MongodbCollectionsCreateAnswer = components['schemas']['MongodbCollectionsCreateAnswer'];
export type MongodbCollectionsDropInput = components['schemas']['MongodbCollectionsDropInput'];
export type MongodbCollectionsDropAnswer = components['schemas']['MongodbCollectionsDropAnswer'];
export type MongodbCollectionsChangeInput = components['schemas']['MongodbCollectionsChangeInput'];
export type MongodbCollectionsChangeAnswer = components['schemas']['MongodbCollectionsChangeAnswer'];
export type MongodbCollectionsValidateInput = components['schemas']['MongodbCollectionsValidateInput'];
export type MongodbCollectionsValidateAnswer = components['schemas']['MongodbCollectionsValidateAnswer'];
export type MongodbIndexesListInput = components['schemas']['MongodbIndexesListInput'];
export type MongodbIndexesListAnswer = components['schemas']['MongodbIndexesListAnswer'];
export type MongodbIndexesCreateInput = components['schemas']['MongodbIndexesCreateInput'];
export type MongodbIndexesCreateAnswer = components['schemas']['MongodbIndexesCreateAnswer'];
export type MongodbIndexesCreateRecord = components['schemas']['MongodbIndexesCreateRecord'];
export type MongodbIndexesStatsInput = components['schemas']['MongodbIndexesStatsInput'];
export type MongodbIndexesStatsAnswer = components['schemas']['MongodbIndexesStatsAnswer'];
export type MongodbIndexesDropInput = components['schemas']['MongodbIndexesDropInput'];
export type MongodbIndexesDropAnswer = components['schemas']['MongodbIndexesDropAnswer'];
export type MongodbServerInput = components['schemas']['MongodbServerInput'];
export type MongodbServerAnswer = components['schemas']['MongodbServerAnswer'];
export type MongodbOperationsListInput = components['schemas']['MongodbOperationsListInput'];
export type MongodbOperationsListAnswer = components['schemas']['MongodbOperationsListAnswer'];
export type MongodbOperationsKillInput = components['schemas']['MongodbOperationsKillInput'];
export type MongodbOperationsKillAnswer = components['schemas']['MongodbOperationsKillAnswer'];
export type MongodbProfileInput = components['schemas']['MongodbProfileInput'];
export type MongodbProfileAnswer = components['schemas']['MongodbProfileAnswer'];
export type RedisKeysListInput = components['schemas']['RedisKeysListInput'];
export type RedisKeysListAnswer = components['schemas']['RedisKeysListAnswer'];
export type RedisTreeInput = components['schemas']['RedisTreeInput'];
export type RedisTreeAnswer = components['schemas']['RedisTreeAnswer'];
export type RedisTreeRecord = components['schemas']['RedisTreeRecord'];
export type RedisKeysGetInput = components['schemas']['RedisKeysGetInput'];
export type RedisKeysGetAnswer = components['schemas']['RedisKeysGetAnswer'];
export type RedisKeysDownloadInput = components['schemas']['RedisKeysDownloadInput'];
export type RedisKeysGroupsInput = components['schemas']['RedisKeysGroupsInput'];
export type RedisKeysGroupsAnswer = components['schemas']['RedisKeysGroupsAnswer'];
export type RedisKeysConsumersInput = components['schemas']['RedisKeysConsumersInput'];
export type RedisKeysConsumersAnswer = components['schemas']['RedisKeysConsumersAnswer'];
export type RedisKeysPendingInput = components['schemas']['RedisKeysPendingInput'];
export type RedisKeysPendingAnswer = components['schemas']['RedisKeysPendingAnswer'];
export type RedisKeysSetInput = components['schemas']['RedisKeysSetInput'];
export type RedisKeysSetAnswer = components['schemas']['RedisKeysSetAnswer'];
export type RedisKeysEditInput = components['schemas']['RedisKeysEditInput'];
export type RedisKeysEditAnswer = components['schemas']['RedisKeysEditAnswer'];
export type RedisKeysDeleteInput = components['schemas']['RedisKeysDeleteInput'];
export type RedisKeysDeleteAnswer = components['schemas']['RedisKeysDeleteAnswer'];
export type RedisKeysExpireInput = components['schemas']['RedisKeysExpireInput'];
export type RedisKeysExpireAnswer = components['schemas']['RedisKeysExpireAnswer'];
export type RedisKeysRenameInput = components['schemas']['RedisKeysRenameInput'];
export type RedisKeysRenameAnswer = components['schemas']['RedisKeysRenameAnswer'];
export type RedisKeysCopyInput = components['schemas']['RedisKeysCopyInput'];
export type RedisKeysCopyAnswer = components['schemas']['RedisKeysCopyAnswer'];
export type RedisInfoInput = components['schemas']['RedisInfoInput'];
export type RedisInfoAnswer = components['schemas']['RedisInfoAnswer'];
export type RedisStatsInput = components['schemas']['RedisStatsInput'];
export type RedisStatsAnswer = components['schemas']['RedisStatsAnswer'];
export type RedisStatsRecord = components['schemas']['RedisStatsRecord'];
export type RedisDatabasesInput = components['schemas']['RedisDatabasesInput'];
export type RedisDatabasesAnswer = components['schemas']['RedisDatabasesAnswer'];
export type RedisMemoryInput = components['schemas']['RedisMemoryInput'];
export type RedisMemoryAnswer = components['schemas']['RedisMemoryAnswer'];
export type RedisMemoryRecord = components['schemas']['RedisMemoryRecord'];
export type RedisSlowlogInput = components['schemas']['RedisSlowlogInput'];
export type RedisSlowlogAnswer = components['schemas']['RedisSlowlogAnswer'];
export type RedisClientsInput = components['schemas']['RedisClientsInput'];
export type RedisClientsAnswer = components['schemas']['RedisClientsAnswer'];
export type RedisConfigInput = components['schemas']['RedisConfigInput'];
export type RedisConfigAnswer = components['schemas']['RedisConfigAnswer'];
export type MongodbDocumentsFindInput = components['schemas']['MongodbDocumentsFindInput'];
export type MongodbDocumentsFindAnswer = components['schemas']['MongodbDocumentsFindAnswer'];
export type MongodbDocumentsInsertInput = components['schemas']['MongodbDocumentsInsertInput'];
export type MongodbDocumentsInsertAnswer = components['schemas']['MongodbDocumentsInsertAnswer'];
export type MongodbDocumentsGetInput = components['schemas']['MongodbDocumentsGetInput'];
export type MongodbDocumentsGetAnswer = components['schemas']['MongodbDocumentsGetAnswer'];
export type MongodbDocumentsUpdateInput = components['schemas']['MongodbDocumentsUpdateInput'];
export type MongodbDocumentsUpdateAnswer = components['schemas']['MongodbDocumentsUpdateAnswer'];
export type MongodbDocumentsDeleteInput = components['schemas']['MongodbDocumentsDeleteInput'];
export type MongodbDocumentsDeleteAnswer = components['schemas']['MongodbDocumentsDeleteAnswer'];
export type MongodbDocumentsBulkInput = components['schemas']['MongodbDocumentsBulkInput'];
export type MongodbDocumentsBulkAnswer = components['schemas']['MongodbDocumentsBulkAnswer'];
export type MongodbCollectionsListByQueryInput = components['schemas']['MongodbCollectionsListByQueryInput'];
export type MongodbCollectionsListByQueryAnswer = components['schemas']['MongodbCollectionsListByQueryAnswer'];
export type MongodbDocumentsFindByQueryInput = components['schemas']['MongodbDocumentsFindByQueryInput'];
export type MongodbDocumentsFindByQueryAnswer = components['schemas']['MongodbDocumentsFindByQueryAnswer'];
export type MongodbDatabasesStatsByQueryInput = components['schemas']['MongodbDatabasesStatsByQueryInput'];
export type MongodbDatabasesStatsByQueryAnswer = components['schemas']['MongodbDatabasesStatsByQueryAnswer'];
export type MongodbAggregateInput = components['schemas']['MongodbAggregateInput'];
export type MongodbAggregateAnswer = components['schemas']['MongodbAggregateAnswer'];
export type MongodbAggregateRecord = components['schemas']['MongodbAggregateRecord'];
export type MongodbAggregatePreviewInput = components['schemas']['MongodbAggregatePreviewInput'];
export type MongodbAggregatePreviewAnswer = components['schemas']['MongodbAggregatePreviewAnswer'];
export type MongodbAggregateDatabaseInput = components['schemas']['MongodbAggregateDatabaseInput'];
export type MongodbAggregateDatabaseAnswer = components['schemas']['MongodbAggregateDatabaseAnswer'];
export type MongodbAggregateDatabaseRecord = components['schemas']['MongodbAggregateDatabaseRecord'];
export type MongodbCountInput = components['schemas']['MongodbCountInput'];
export type MongodbCountAnswer = components['schemas']['MongodbCountAnswer'];
export type MongodbDistinctInput = components['schemas']['MongodbDistinctInput'];
export type MongodbDistinctAnswer = components['schemas']['MongodbDistinctAnswer'];
export type MongodbSchemaInput = components['schemas']['MongodbSchemaInput'];
export type MongodbSchemaAnswer = components['schemas']['MongodbSchemaAnswer'];
export type MongodbSchemaRecord = components['schemas']['MongodbSchemaRecord'];
export type MongodbExplainInput = components['schemas']['MongodbExplainInput'];
export type MongodbExplainAnswer = components['schemas']['MongodbExplainAnswer'];
export type MongodbWatchInput = components['schemas']['MongodbWatchInput'];
export type MongodbWatchMessage = components['schemas']['MongodbWatchMessage'];
export type MongodbWatchRequest = components['schemas']['MongodbWatchRequest'];
export type MongodbWatchDatabaseInput = components['schemas']['MongodbWatchDatabaseInput'];
export type MongodbWatchDatabaseMessage = components['schemas']['MongodbWatchDatabaseMessage'];
export type MongodbWatchDatabaseRequest = components['schemas']['MongodbWatchDatabaseRequest'];
export type MongodbWatchClusterInput = components['schemas']['MongodbWatchClusterInput'];
export type MongodbWatchClusterMessage = components['schemas']['MongodbWatchClusterMessage'];
export type MongodbWatchClusterRequest = components['schemas']['MongodbWatchClusterRequest'];
export type MongodbDocumentsExportInput = components['schemas']['MongodbDocumentsExportInput'];
export type MongodbDocumentsExportRecord = components['schemas']['MongodbDocumentsExportRecord'];
export type MongodbDocumentsImportInput = components['schemas']['MongodbDocumentsImportInput'];
export type MongodbDocumentsImportRecord = components['schemas']['MongodbDocumentsImportRecord'];
export type PostgresQueryInput = components['schemas']['PostgresQueryInput'];
export type PostgresQueryAnswer = components['schemas']['PostgresQueryAnswer'];
export type PostgresTablesListInput = components['schemas']['PostgresTablesListInput'];
export type PostgresTablesListAnswer = components['schemas']['PostgresTablesListAnswer'];
export type HttpHealthInput = components['schemas']['HttpHealthInput'];
export type HttpHealthAnswer = components['schemas']['HttpHealthAnswer'];
export type HttpInfoInput = components['schemas']['HttpInfoInput'];
export type HttpInfoAnswer = components['schemas']['HttpInfoAnswer'];
export type HttpRequestInput = components['schemas']['HttpRequestInput'];
export type HttpRequestAnswer = components['schemas']['HttpRequestAnswer'];
export type ServiceHealthInput = components['schemas']['ServiceHealthInput'];
export type ServiceHealthAnswer = components['schemas']['ServiceHealthAnswer'];
export type ServicePoolsInput = components['schemas']['ServicePoolsInput'];
export type ServicePoolsAnswer = components['schemas']['ServicePoolsAnswer'];
export type ServiceMetricsInput = components['schemas']['ServiceMetricsInput'];
export type ServiceOpenapiInput = components['schemas']['ServiceOpenapiInput'];
export type ServiceOpenapiAnswer = components['schemas']['ServiceOpenapiAnswer'];
export type DatabaseType = components['schemas']['DatabaseType'];
export type ConnectionStatus = components['schemas']['ConnectionStatus'];
export type TextOrBytes = components['schemas']['TextOrBytes'];
export type Encoding = components['schemas']['Encoding'];
export type Message = components['schemas']['Message'];
export type Action = components['schemas']['Action'];
export type OnConflict = components['schemas']['OnConflict'];
export type Ttl = components['schemas']['Ttl'];
export type CreateOptions = components['schemas']['CreateOptions'];
export type Document = components['schemas']['Document'];
export type ValidationLevel = components['schemas']['ValidationLevel'];
export type ValidationAction = components['schemas']['ValidationAction'];
export type Timeseries = components['schemas']['Timeseries'];
export type Granularity = components['schemas']['Granularity'];
export type ClusteredIndex = components['schemas']['ClusteredIndex'];
export type Pipeline = components['schemas']['Pipeline'];
export type Images = components['schemas']['Images'];
export type ChangedOptions = components['schemas']['ChangedOptions'];
export type Expiry = components['schemas']['Expiry'];
export type Off = components['schemas']['Off'];
export type ChangedBuckets = components['schemas']['ChangedBuckets'];
export type ChangedIndex = components['schemas']['ChangedIndex'];
export type Mode = components['schemas']['Mode'];
export type IndexOptions = components['schemas']['IndexOptions'];
export type Quorum = components['schemas']['Quorum'];
export type Detail = components['schemas']['Detail'];
export type Bound = components['schemas']['Bound'];
export type Score = components['schemas']['Score'];
export type View = components['schemas']['View'];
export type ValueType = components['schemas']['ValueType'];
export type Change = components['schemas']['Change'];
export type StringEdit = components['schemas']['StringEdit'];
export type Integer64OrDigits = components['schemas']['Integer64OrDigits'];
export type HashEdit = components['schemas']['HashEdit'];
export type ListEdit = components['schemas']['ListEdit'];
export type Beside = components['schemas']['Beside'];
export type End = components['schemas']['End'];
export type SetEdit = components['schemas']['SetEdit'];
export type ZsetEdit = components['schemas']['ZsetEdit'];
export type StreamEdit = components['schemas']['StreamEdit'];
export type HyperloglogEdit = components['schemas']['HyperloglogEdit'];
export type ClientKind = components['schemas']['ClientKind'];
export type HintInput = components['schemas']['HintInput'];
export type ShownAs = components['schemas']['ShownAs'];
export type IdType = components['schemas']['IdType'];
export type Encoding2 = components['schemas']['Encoding2'];
export type Update = components['schemas']['Update'];
export type BulkUpdate = components['schemas']['BulkUpdate'];
export type BulkDelete = components['schemas']['BulkDelete'];
export type WriteInput = components['schemas']['WriteInput'];
export type BulkInsert = components['schemas']['BulkInsert'];
export type BulkReplace = components['schemas']['BulkReplace'];
export type RunOptions = components['schemas']['RunOptions'];
export type ReadOptions = components['schemas']['ReadOptions'];
export type SampleMethod = components['schemas']['SampleMethod'];
export type ExplainedFind = components['schemas']['ExplainedFind'];
export type ExplainedAggregate = components['schemas']['ExplainedAggregate'];
export type ExplainedCount = components['schemas']['ExplainedCount'];
export type ExplainedDistinct = components['schemas']['ExplainedDistinct'];
export type ExplainedUpdate = components['schemas']['ExplainedUpdate'];
export type ExplainedDelete = components['schemas']['ExplainedDelete'];
export type Verbosity = components['schemas']['Verbosity'];
export type FullDocument = components['schemas']['FullDocument'];
export type BeforeChange = components['schemas']['BeforeChange'];
export type Moment = components['schemas']['Moment'];
export type FileFormat = components['schemas']['FileFormat'];
export type OnConflict2 = components['schemas']['OnConflict2'];
export type Format = components['schemas']['Format'];
export type RequestMethod = components['schemas']['RequestMethod'];
export type ConnectionPage = components['schemas']['ConnectionPage'];
export type Connection = components['schemas']['Connection'];
export type ConnectionStats = components['schemas']['ConnectionStats'];
export type StateCounts = components['schemas']['StateCounts'];
export type ConnectionsHealth = components['schemas']['ConnectionsHealth'];
export type ConnectionHealth = components['schemas']['ConnectionHealth'];
export type Condition = components['schemas']['Condition'];
export type TestResult = components['schemas']['TestResult'];
export type FailureCode = components['schemas']['FailureCode'];
export type TestStep = components['schemas']['TestStep'];
export type MongoTopology = components['schemas']['MongoTopology'];
export type RemovedConnection = components['schemas']['RemovedConnection'];
export type ProjectConnections = components['schemas']['ProjectConnections'];
export type Undeclared = components['schemas']['Undeclared'];
export type ChannelPage = components['schemas']['ChannelPage'];
export type ListedChannel = components['schemas']['ListedChannel'];
export type Warnings = components['schemas']['Warnings'];
export type Warning = components['schemas']['Warning'];
export type PublishedMessage = components['schemas']['PublishedMessage'];
export type CountedOn = components['schemas']['CountedOn'];
export type SubscriptionMessage = components['schemas']['SubscriptionMessage'];
export type TopicName = components['schemas']['TopicName'];
export type GapReason = components['schemas']['GapReason'];
export type Cause = components['schemas']['Cause'];
export type SubscriptionRequest = components['schemas']['SubscriptionRequest'];
export type SubscriptionVerb = components['schemas']['SubscriptionVerb'];
export type BulkRecord = components['schemas']['BulkRecord'];
export type BulkProgress = components['schemas']['BulkProgress'];
export type KeyProblem = components['schemas']['KeyProblem'];
export type Outcome = components['schemas']['Outcome'];
export type KeyPreview = components['schemas']['KeyPreview'];
export type BulkEnd = components['schemas']['BulkEnd'];
export type WorkEndedBy = components['schemas']['WorkEndedBy'];
export type BulkBegin = components['schemas']['BulkBegin'];
export type StoppingJob = components['schemas']['StoppingJob'];
export type ExportLine = components['schemas']['ExportLine'];
export type SkippedKey = components['schemas']['SkippedKey'];
export type ExportCheckpoint = components['schemas']['ExportCheckpoint'];
export type ExportEnd = components['schemas']['ExportEnd'];
export type ExportHeader = components['schemas']['ExportHeader'];
export type ExportedFrom = components['schemas']['ExportedFrom'];
export type ExportFilter = components['schemas']['ExportFilter'];
export type ExportedKey = components['schemas']['ExportedKey'];
export type Integer64 = components['schemas']['Integer64'];
export type ExportedEntry = components['schemas']['ExportedEntry'];
export type ExportedStream = components['schemas']['ExportedStream'];
export type ExportedGroup = components['schemas']['ExportedGroup'];
export type DumpedKey = components['schemas']['DumpedKey'];
export type ExportedPart = components['schemas']['ExportedPart'];
export type PartOfValue = components['schemas']['PartOfValue'];
export type ExportedPending = components['schemas']['ExportedPending'];
export type PendingOfGroup = components['schemas']['PendingOfGroup'];
export type ExportedDelivery = components['schemas']['ExportedDelivery'];
export type ImportRecord = components['schemas']['ImportRecord'];
export type ImportCounts = components['schemas']['ImportCounts'];
export type LineProblem = components['schemas']['LineProblem'];
export type ImportEnd = components['schemas']['ImportEnd'];
export type Checksum = components['schemas']['Checksum'];
export type ImportBegin = components['schemas']['ImportBegin'];
export type DatabaseEntry = components['schemas']['DatabaseEntry'];
export type DatabaseMade = components['schemas']['DatabaseMade'];
export type Dropped = components['schemas']['Dropped'];
export type DatabaseSizes = components['schemas']['DatabaseSizes'];
export type CollectionEntry = components['schemas']['CollectionEntry'];
export type CollectionKind = components['schemas']['CollectionKind'];
export type CollectionSizes = components['schemas']['CollectionSizes'];
export type CollectionMade = components['schemas']['CollectionMade'];
export type CollectionChanged = components['schemas']['CollectionChanged'];
export type Validated = components['schemas']['Validated'];
export type DocumentCount = components['schemas']['DocumentCount'];
export type DocumentCountKind = components['schemas']['DocumentCountKind'];
export type IndexShown = components['schemas']['IndexShown'];
export type IndexKind = components['schemas']['IndexKind'];
export type IndexUsage = components['schemas']['IndexUsage'];
export type IndexHostUsage = components['schemas']['IndexHostUsage'];
export type IndexProgress = components['schemas']['IndexProgress'];
export type IndexAdvice = components['schemas']['IndexAdvice'];
export type IndexAdviceKind = components['schemas']['IndexAdviceKind'];
export type IndexMade = components['schemas']['IndexMade'];
export type IndexState = components['schemas']['IndexState'];
export type IndexRecord = components['schemas']['IndexRecord'];
export type IndexStats = components['schemas']['IndexStats'];
export type NamedFigures = components['schemas']['NamedFigures'];
export type MongoServer = components['schemas']['MongoServer'];
export type MongoConnections = components['schemas']['MongoConnections'];
export type Opcounters = components['schemas']['Opcounters'];
export type OperationQueue = components['schemas']['OperationQueue'];
export type MongoMemory = components['schemas']['MongoMemory'];
export type MongoNetwork = components['schemas']['MongoNetwork'];
export type StorageCache = components['schemas']['StorageCache'];
export type MongoReplication = components['schemas']['MongoReplication'];
export type MemberState = components['schemas']['MemberState'];
export type ReplicaSetMember = components['schemas']['ReplicaSetMember'];
export type Shard = components['schemas']['Shard'];
export type MongoPool = components['schemas']['MongoPool'];
export type RunningOperations = components['schemas']['RunningOperations'];
export type RunningOperation = components['schemas']['RunningOperation'];
export type OperationId = components['schemas']['OperationId'];
export type EndedOperation = components['schemas']['EndedOperation'];
export type ProfilerPage = components['schemas']['ProfilerPage'];
export type ProfilerRecord = components['schemas']['ProfilerRecord'];
export type Tree = components['schemas']['Tree'];
export type Namespace = components['schemas']['Namespace'];
export type WalkEndedBy = components['schemas']['WalkEndedBy'];
export type TreeRecord = components['schemas']['TreeRecord'];
export type RedisInfo = components['schemas']['RedisInfo'];
export type ServerSection = components['schemas']['ServerSection'];
export type MemorySection = components['schemas']['MemorySection'];
export type StatsSection = components['schemas']['StatsSection'];
export type ClientsSection = components['schemas']['ClientsSection'];
export type PersistenceSection = components['schemas']['PersistenceSection'];
export type Replication = components['schemas']['Replication'];
export type ReplicaInfo = components['schemas']['ReplicaInfo'];
export type PrimarySection = components['schemas']['PrimarySection'];
export type CpuSection = components['schemas']['CpuSection'];
export type Keyspace = components['schemas']['Keyspace'];
export type CommandStats = components['schemas']['CommandStats'];
export type ErrorCount = components['schemas']['ErrorCount'];
export type RedisModule = components['schemas']['RedisModule'];
export type InfoText = components['schemas']['InfoText'];
export type NodeInfo = components['schemas']['NodeInfo'];
export type NodeRole = components['schemas']['NodeRole'];
export type RedisStats = components['schemas']['RedisStats'];
export type StatsInterval = components['schemas']['StatsInterval'];
export type NodeStats = components['schemas']['NodeStats'];
export type RedisDatabases = components['schemas']['RedisDatabases'];
export type CurrentDatabase = components['schemas']['CurrentDatabase'];
export type NodeSize = components['schemas']['NodeSize'];
export type MemoryReport = components['schemas']['MemoryReport'];
export type MemoryShare = components['schemas']['MemoryShare'];
export type TypeShare = components['schemas']['TypeShare'];
export type PrefixShare = components['schemas']['PrefixShare'];
export type RankedKey = components['schemas']['RankedKey'];
export type HotKeys = components['schemas']['HotKeys'];
export type NodeProgress = components['schemas']['NodeProgress'];
export type SlowLog = components['schemas']['SlowLog'];
export type LoggedCommand = components['schemas']['LoggedCommand'];
export type ClusterNode = components['schemas']['ClusterNode'];
export type ClientPage = components['schemas']['ClientPage'];
export type ConnectedClient = components['schemas']['ConnectedClient'];
export type Scalar = components['schemas']['Scalar'];
export type RedisSettings = components['schemas']['RedisSettings'];
export type NodeSettings = components['schemas']['NodeSettings'];
export type DocumentsPage = components['schemas']['DocumentsPage'];
export type DocumentsInserted = components['schemas']['DocumentsInserted'];
export type CanonicalValue = components['schemas']['CanonicalValue'];
export type DocumentShown = components['schemas']['DocumentShown'];
export type DocumentWithEtag = components['schemas']['DocumentWithEtag'];
export type DocumentChanged = components['schemas']['DocumentChanged'];
export type DocumentDeleted = components['schemas']['DocumentDeleted'];
export type BulkAnswer = components['schemas']['BulkAnswer'];
export type BulkPreview = components['schemas']['BulkPreview'];
export type BulkReach = components['schemas']['BulkReach'];
export type BulkWritten = components['schemas']['BulkWritten'];
export type BulkMade = components['schemas']['BulkMade'];
export type PipelinePreview = components['schemas']['PipelinePreview'];
export type PipelineSample = components['schemas']['PipelineSample'];
export type StagePreview = components['schemas']['StagePreview'];
export type DistinctValues = components['schemas']['DistinctValues'];
export type FoundBy = components['schemas']['FoundBy'];
export type SampleShown = components['schemas']['SampleShown'];
export type SampleEnd = components['schemas']['SampleEnd'];
export type FieldShown = components['schemas']['FieldShown'];
export type Cardinality = components['schemas']['Cardinality'];
export type CardinalityKind = components['schemas']['CardinalityKind'];
export type TypeShown = components['schemas']['TypeShown'];
export type Length = components['schemas']['Length'];
export type FrequentValue = components['schemas']['FrequentValue'];
export type SampleRecord = components['schemas']['SampleRecord'];
export type SampleProgress = components['schemas']['SampleProgress'];
export type Explanation = components['schemas']['Explanation'];
export type PlanSummary = components['schemas']['PlanSummary'];
export type PlanEngine = components['schemas']['PlanEngine'];
export type PlanWarning = components['schemas']['PlanWarning'];
export type PlanWarningCode = components['schemas']['PlanWarningCode'];
export type PlanStage = components['schemas']['PlanStage'];
export type PlanIndex = components['schemas']['PlanIndex'];
export type WatchMessage = components['schemas']['WatchMessage'];
export type WatchGap = components['schemas']['WatchGap'];
export type Silence = components['schemas']['Silence'];
export type ImportRecord2 = components['schemas']['ImportRecord2'];
export type ImportCounts2 = components['schemas']['ImportCounts2'];
export type RefusedRecord = components['schemas']['RefusedRecord'];
export type Queried = components['schemas']['Queried'];
export type Row = components['schemas']['Row'];
export type Notice = components['schemas']['Notice'];
export type Column = components['schemas']['Column'];
export type Table = components['schemas']['Table'];
export type ReplicaIdentity = components['schemas']['ReplicaIdentity'];
export type PrimaryKey = components['schemas']['PrimaryKey'];
export type Relationship = components['schemas']['Relationship'];
export type TableColumn = components['schemas']['TableColumn'];
export type ServiceHealth = components['schemas']['ServiceHealth'];
export type ServiceAnswer = components['schemas']['ServiceAnswer'];
export type Health = components['schemas']['Health'];
export type HealthStatus = components['schemas']['HealthStatus'];
export type PlatformHealth = components['schemas']['PlatformHealth'];
export type PoolsShown = components['schemas']['PoolsShown'];
export type PoolStatus = components['schemas']['PoolStatus'];
export type Failure = components['schemas']['Failure'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
