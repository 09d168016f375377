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
            status?: components["schemas"]["Status"] | null;
            /**
             * Format: uint32
             * @description At most this many, 1 to 1000; 100 when not given.
             */
            limit?: number | null;
            /** @description The `cursor` that the page before answered with. */
            cursor?: string | null;
        };
        RegistryDatabasesListAnswer: components["schemas"]["Undeclared"];
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
        RegistryDatabasesCreateAnswer: components["schemas"]["Undeclared"];
        /** @description Which connections to count. */
        RegistryDatabasesStatsInput: {
            /** @description Of the project with this `ref` only. */
            project_ref?: string | null;
        };
        RegistryDatabasesStatsAnswer: components["schemas"]["Undeclared"];
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
        RegistryDatabasesHealthAnswer: components["schemas"]["Undeclared"];
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
        RegistryDatabasesTestUnsavedAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RegistryDatabasesGetInput: {
            /** @description Id of the connection. */
            id: string;
        };
        RegistryDatabasesGetAnswer: components["schemas"]["Undeclared"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        RegistryDatabasesUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["Status"] | null;
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
        RegistryDatabasesUpdateAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RegistryDatabasesDeleteInput: {
            /** @description Id of the connection. */
            id: string;
        };
        RegistryDatabasesDeleteAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RegistryDatabasesTestInput: {
            /** @description Id of the connection. */
            id: string;
        };
        RegistryDatabasesTestAnswer: components["schemas"]["Undeclared"];
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
        RedisConnectionsListAnswer: components["schemas"]["Undeclared"];
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
        RedisConnectionsCreateAnswer: components["schemas"]["Undeclared"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        RedisConnectionsUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["Status"] | null;
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
        RedisConnectionsUpdateAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RedisConnectionsDeleteInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        RedisConnectionsDeleteAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RedisConnectionsTestInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        RedisConnectionsTestAnswer: components["schemas"]["Undeclared"];
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
        MongodbConnectionsListAnswer: components["schemas"]["Undeclared"];
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
        MongodbConnectionsCreateAnswer: components["schemas"]["Undeclared"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        MongodbConnectionsUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["Status"] | null;
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
        MongodbConnectionsUpdateAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        MongodbConnectionsDeleteInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        MongodbConnectionsDeleteAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        MongodbConnectionsTestInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        MongodbConnectionsTestAnswer: components["schemas"]["Undeclared"];
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
        PostgresConnectionsListAnswer: components["schemas"]["Undeclared"];
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
        PostgresConnectionsCreateAnswer: components["schemas"]["Undeclared"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        PostgresConnectionsUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["Status"] | null;
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
        PostgresConnectionsUpdateAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        PostgresConnectionsDeleteInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        PostgresConnectionsDeleteAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        PostgresConnectionsTestInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        PostgresConnectionsTestAnswer: components["schemas"]["Undeclared"];
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
        BunConnectionsListAnswer: components["schemas"]["Undeclared"];
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
        BunConnectionsCreateAnswer: components["schemas"]["Undeclared"];
        /** @description What is to be different about a connection. Members that are not given stay as they are. */
        BunConnectionsUpdateInput: {
            /** @description Another name. */
            identifier?: string | null;
            /** @description Another description; an empty one removes it. */
            description?: string | null;
            /** @description Become the primary of its project and type, or stop being it. */
            is_primary?: boolean | null;
            /** @description Another state. */
            status?: components["schemas"]["Status"] | null;
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
        BunConnectionsUpdateAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        BunConnectionsDeleteInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        BunConnectionsDeleteAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        BunConnectionsTestInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection. */
            id: string;
        };
        BunConnectionsTestAnswer: components["schemas"]["Undeclared"];
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
        RedisPubsubChannelsAnswer: components["schemas"]["Undeclared"];
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
        RedisPubsubPublishAnswer: components["schemas"]["Undeclared"];
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
        RedisPubsubSubscribeMessage: components["schemas"]["Undeclared"];
        RedisPubsubSubscribeRequest: components["schemas"]["Undeclared"];
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
        RedisBulkRecord: components["schemas"]["Undeclared"];
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
        RedisJobsStopAnswer: components["schemas"]["Undeclared"];
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
        RedisExportRecord: components["schemas"]["Undeclared"];
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
        RedisExportKeysRecord: components["schemas"]["Undeclared"];
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
        RedisImportRecord: components["schemas"]["Undeclared"];
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
        MongodbDatabasesListAnswer: components["schemas"]["Undeclared"];
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
        MongodbDatabasesCreateAnswer: components["schemas"]["Undeclared"];
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
        MongodbDatabasesDropAnswer: components["schemas"]["Undeclared"];
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
        MongodbDatabasesStatsAnswer: components["schemas"]["Undeclared"];
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
        MongodbCollectionsListAnswer: components["schemas"]["Undeclared"];
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
        MongodbCollectionsCreateAnswer: components["schemas"]["Undeclared"];
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
        MongodbCollectionsDropAnswer: components["schemas"]["Undeclared"];
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
        MongodbCollectionsChangeAnswer: components["schemas"]["Undeclared"];
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
        MongodbCollectionsValidateAnswer: components["schemas"]["Undeclared"];
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
        MongodbIndexesListAnswer: components["schemas"]["Undeclared"];
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
        MongodbIndexesCreateAnswer: components["schemas"]["Undeclared"];
        MongodbIndexesCreateRecord: components["schemas"]["Undeclared"];
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
        MongodbIndexesStatsAnswer: components["schemas"]["Undeclared"];
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
        MongodbIndexesDropAnswer: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        MongodbServerInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        MongodbServerAnswer: components["schemas"]["Undeclared"];
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
        MongodbOperationsListAnswer: components["schemas"]["Undeclared"];
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
        MongodbOperationsKillAnswer: components["schemas"]["Undeclared"];
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
        MongodbProfileAnswer: components["schemas"]["Undeclared"];
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
        RedisTreeAnswer: components["schemas"]["Undeclared"];
        RedisTreeRecord: components["schemas"]["Undeclared"];
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
        RedisInfoAnswer: components["schemas"]["Undeclared"];
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
        RedisStatsAnswer: components["schemas"]["Undeclared"];
        RedisStatsRecord: components["schemas"]["Undeclared"];
        /** @description The input of an operation that asks for nothing but what its path says. */
        RedisDatabasesInput: {
            /** @description The `ref` of a project, or the id of a connection. */
            scope: string;
            /** @description Id of the connection, where `scope` is a project. */
            connection_id?: string;
            /** @description Name of the connection, where `scope` is a project. */
            identifier?: string;
        };
        RedisDatabasesAnswer: components["schemas"]["Undeclared"];
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
        RedisMemoryAnswer: components["schemas"]["Undeclared"];
        RedisMemoryRecord: components["schemas"]["Undeclared"];
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
        RedisSlowlogAnswer: components["schemas"]["Undeclared"];
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
        RedisClientsAnswer: components["schemas"]["Undeclared"];
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
        RedisConfigAnswer: components["schemas"]["Undeclared"];
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
        MongodbDocumentsFindAnswer: components["schemas"]["Undeclared"];
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
        MongodbDocumentsInsertAnswer: components["schemas"]["Undeclared"];
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
        MongodbDocumentsGetAnswer: components["schemas"]["Undeclared"];
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
        MongodbDocumentsUpdateAnswer: components["schemas"]["Undeclared"];
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
        MongodbDocumentsDeleteAnswer: components["schemas"]["Undeclared"];
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
        MongodbDocumentsBulkAnswer: components["schemas"]["Undeclared"];
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
        MongodbCollectionsListByQueryAnswer: components["schemas"]["Undeclared"];
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
        MongodbDocumentsFindByQueryAnswer: components["schemas"]["Undeclared"];
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
        MongodbDatabasesStatsByQueryAnswer: components["schemas"]["Undeclared"];
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
        MongodbAggregateAnswer: components["schemas"]["Undeclared"];
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
        MongodbAggregatePreviewAnswer: components["schemas"]["Undeclared"];
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
        MongodbAggregateDatabaseAnswer: components["schemas"]["Undeclared"];
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
        MongodbCountAnswer: components["schemas"]["Undeclared"];
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
        MongodbDistinctAnswer: components["schemas"]["Undeclared"];
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
            /** @description `random`, which is the default, or `head`: those that the server finds first, which is faster. */
            method?: components["schemas"]["MethodInput"];
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
        MongodbSchemaAnswer: components["schemas"]["Undeclared"];
        MongodbSchemaRecord: components["schemas"]["Undeclared"];
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
            verbosity?: components["schemas"]["VerbosityInput"];
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
        MongodbExplainAnswer: components["schemas"]["Undeclared"];
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
        MongodbWatchMessage: components["schemas"]["Undeclared"];
        MongodbWatchRequest: components["schemas"]["Undeclared"];
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
        MongodbWatchDatabaseMessage: components["schemas"]["Undeclared"];
        MongodbWatchDatabaseRequest: components["schemas"]["Undeclared"];
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
        MongodbWatchClusterMessage: components["schemas"]["Undeclared"];
        MongodbWatchClusterRequest: components["schemas"]["Undeclared"];
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
        MongodbDocumentsImportRecord: components["schemas"]["Undeclared"];
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
        Status: "ACTIVE" | "INACTIVE" | "ERROR" | "CONNECTING";
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
        MethodInput: "random" | "head";
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
        VerbosityInput: "queryPlanner" | "executionStats" | "allPlansExecution";
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
        Undeclared: unknown;
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
export type Status = components['schemas']['Status'];
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
export type MethodInput = components['schemas']['MethodInput'];
export type ExplainedFind = components['schemas']['ExplainedFind'];
export type ExplainedAggregate = components['schemas']['ExplainedAggregate'];
export type ExplainedCount = components['schemas']['ExplainedCount'];
export type ExplainedDistinct = components['schemas']['ExplainedDistinct'];
export type ExplainedUpdate = components['schemas']['ExplainedUpdate'];
export type ExplainedDelete = components['schemas']['ExplainedDelete'];
export type VerbosityInput = components['schemas']['VerbosityInput'];
export type FullDocument = components['schemas']['FullDocument'];
export type BeforeChange = components['schemas']['BeforeChange'];
export type Moment = components['schemas']['Moment'];
export type FileFormat = components['schemas']['FileFormat'];
export type OnConflict2 = components['schemas']['OnConflict2'];
export type Format = components['schemas']['Format'];
export type RequestMethod = components['schemas']['RequestMethod'];
export type Undeclared = components['schemas']['Undeclared'];
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
