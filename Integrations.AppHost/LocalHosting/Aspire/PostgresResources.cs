namespace Aspire.Hosting.ApplicationModel;

/// <summary>A PostgreSQL server.</summary>
public class PostgresServerResource(string name, ParameterResource? userName, ParameterResource password)
    : ContainerResource(name), IResourceWithConnectionString
{
    private readonly Dictionary<string, string> _databases = new(StringComparer.OrdinalIgnoreCase);

    public ParameterResource? UserNameParameter { get; set; } = userName;

    public ParameterResource PasswordParameter { get; set; } = password;

    public EndpointReference PrimaryEndpoint => new(this, "tcp");

    public EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);

    public EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

    public ReferenceExpression UserNameReference =>
        UserNameParameter is { } user ? ReferenceExpression.Create($"{user}") : ReferenceExpression.Create($"postgres");

    public ReferenceExpression UriExpression =>
        ReferenceExpression.Create($"postgresql://{UserNameReference}:{PasswordParameter}@{Host}:{Port}");

    public ReferenceExpression ConnectionStringExpression =>
        ReferenceExpression.Create($"Host={Host};Port={Port};Username={UserNameReference};Password={PasswordParameter}");

    /// <summary>Resource name → database name.</summary>
    public IReadOnlyDictionary<string, string> Databases => _databases;

    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        ConnectionStringExpression.GetValueAsync(cancellationToken);

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Create($"{Host}")),
        new("Port", ReferenceExpression.Create($"{Port}")),
        new("Username", UserNameReference),
        new("Password", ReferenceExpression.Create($"{PasswordParameter}")),
        new("Uri", UriExpression),
        new("JdbcConnectionString", ReferenceExpression.Create($"jdbc:postgresql://{Host}:{Port}")),
    ];

    internal void Add(PostgresDatabaseResource database) => _databases.Add(database.Name, database.DatabaseName);
}

/// <summary>A database on a <see cref="PostgresServerResource"/>, created once the server is ready.</summary>
public class PostgresDatabaseResource(string name, string databaseName, PostgresServerResource postgresParentResource)
    : Resource(name), IResourceWithParent<PostgresServerResource>, IResourceWithConnectionString
{
    public PostgresServerResource Parent { get; } = postgresParentResource;

    public string DatabaseName { get; } = databaseName;

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{Parent};Database={DatabaseName}");

    public ReferenceExpression UriExpression => ReferenceExpression.Create($"{Parent.UriExpression}/{DatabaseName}");

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        .. ((IResourceWithConnectionString)Parent).GetConnectionProperties().Where(p => p.Key is not ("Uri" or "JdbcConnectionString")),
        new("Uri", UriExpression),
        new("JdbcConnectionString", ReferenceExpression.Create($"jdbc:postgresql://{Parent.Host}:{Parent.Port}/{DatabaseName}")),
        new("DatabaseName", ReferenceExpression.Create($"{DatabaseName}")),
    ];
}
