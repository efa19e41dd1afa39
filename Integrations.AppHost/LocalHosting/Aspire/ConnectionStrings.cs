namespace Aspire.Hosting.ApplicationModel;

/// <summary>A resource that others reach by a connection string.</summary>
public interface IResourceWithConnectionString : IResource, IExpressionValue
{
    ReferenceExpression ConnectionStringExpression { get; }

    string IManifestExpressionProvider.ValueExpression => $"{{{Name}.connectionString}}";

    ValueTask<string?> IValueProvider.GetValueAsync(CancellationToken cancellationToken) => GetConnectionStringAsync(cancellationToken);

    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        ConnectionStringExpression.GetValueAsync(cancellationToken);

    /// <summary>The parts of the connection string, which Aspire injects besides it as <c>{NAME}_{PART}</c>.</summary>
    IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() => [];
}
