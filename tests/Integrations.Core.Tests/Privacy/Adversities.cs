using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Tests.Privacy;

/// <summary>Connections of a worker that dies after so many statements.</summary>
internal sealed class Dying : IAsyncDisposable
{
    private readonly CancellationTokenSource _death = new();
    private readonly System.Diagnostics.ActivityListener _listener;
    private int _left;

    public Dying(CoreDatabase database, int killAfter)
    {
        _left = killAfter;
        Source = NpgsqlDataSource.Create(CoreDatabase.LogIn(database.Admin.ConnectionString, "integrations_worker", CoreDatabase.WorkerPassword) + ";Application Name=dying");
        Token = _death.Token;
        _listener = new()
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) => System.Diagnostics.ActivitySamplingResult.AllData,
            ActivityStarted = activity =>
            {
                // In the middle of a transaction, as it may be.
                if (Interlocked.Decrement(ref _left) == 0)
                    _death.Cancel();
            },
        };
        System.Diagnostics.ActivitySource.AddActivityListener(_listener);
    }

    public NpgsqlDataSource Source { get; }

    public CancellationToken Token { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await Source.DisposeAsync();
        _death.Dispose();
    }
}

/// <summary>Vault without the right to delete keys.</summary>
internal sealed class Locked(ISecretProtector secrets) : ISecretProtector
{
    public ValueTask<byte[]> ProtectAsync(SecretAddress address, ReadOnlyMemory<byte> clear, CancellationToken ct) => secrets.ProtectAsync(address, clear, ct);

    public ValueTask<byte[]> UnprotectAsync(SecretAddress address, ReadOnlyMemory<byte> sealed_, CancellationToken ct) => secrets.UnprotectAsync(address, sealed_, ct);

    public ValueTask<byte[]> FingerprintAsync(string purpose, ReadOnlyMemory<byte> clear, CancellationToken ct) => secrets.FingerprintAsync(purpose, clear, ct);

    public Task DestroyTenantAsync(TenantId tenant, CancellationToken ct) =>
        Task.FromException(new SecretUnavailableException(tenant, "permission denied") { Obstacle = SecretObstacle.Unreachable });
}

/// <summary>A reader who takes nothing.</summary>
internal sealed class Stuck : Stream
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => _reached.Task;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => 0; set => throw new NotSupportedException(); }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _reached.TrySetResult();
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    public override async Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        await WriteAsync(buffer.AsMemory(offset, count), cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => _reached.TrySetResult();
}
