using System.Net.Http.Json;

namespace Integrations.Core.Secrets.Vault;

/// <summary>A token and how long it is good.</summary>
/// <param name="Duration">From <paramref name="ObtainedAt"/>; zero for one that does not expire.</param>
/// <param name="ObtainedAt">On the monotonic clock, before the request.</param>
internal sealed record VaultLease(string Token, TimeSpan Duration, bool IsRenewable, long ObtainedAt);

/// <summary>The host's own token: taken at the first need, renewed, replaced; in memory only.</summary>
internal sealed class VaultLogin(VaultTransport transport, VaultOptions options, bool isProduction, TimeProvider time) : IDisposable
{
    private readonly Turn _turn = new(static e => e is VaultException { Failure: VaultFailure.Sealed or VaultFailure.Unreachable } failure
        ? new VaultException(failure.Failure, failure.Message, failure)
        : null);
    private volatile VaultLease? _lease;

    /// <summary>From the wrapping token, which can be exchanged only once.</summary>
    private string? _unwrapped;

    private VaultAuthOptions Auth => options.Auth;

    /// <summary>A token that is good as far as is known here.</summary>
    /// <exception cref="VaultException">Nobody lets us in.</exception>
    public ValueTask<VaultLease> CurrentAsync(CancellationToken ct) =>
        _lease is { } lease && !IsOver(lease) ? ValueTask.FromResult(lease) : new(ReplaceAsync(_lease, ct));

    /// <summary>A token other than that one. Of several who ask at once, one logs in.</summary>
    public Task<VaultLease> ReplaceAsync(VaultLease? stale, CancellationToken ct) => _turn.TakeAsync(
        async () => _lease is { } other && other != stale && !IsOver(other) ? other : _lease = await LogInAsync(ct), ct);

    /// <summary>Prolongs the lease. Where that is over with, or nearly so, there is a new one by a login.</summary>
    public async Task<VaultLease> RenewAsync(VaultLease lease, CancellationToken ct)
    {
        if (lease.IsRenewable)
        {
            try
            {
                var asked = time.GetTimestamp();
                var answer = await transport.SendAsync(
                    HttpMethod.Post, "auth/token/renew-self", lease.Token,
                    JsonContent.Create(new TokenRenewal($"{(long)lease.Duration.TotalSeconds}s"), VaultJson.Default.TokenRenewal),
                    VaultJson.Default.VaultAnswerVaultNothing, ct);
                // Less than half of what it was: the maximum is near, and the next renewals would only get shorter.
                if (answer.Auth is { } auth && TimeSpan.FromSeconds(auth.LeaseDuration) > lease.Duration / 2)
                    return _lease = lease with { Duration = TimeSpan.FromSeconds(auth.LeaseDuration), IsRenewable = auth.Renewable, ObtainedAt = asked };
            }
            catch (VaultException e) when (e.Failure is VaultFailure.Denied or VaultFailure.Refused)
            {
                // Revoked, or at its end: a login says whether we are let in at all.
            }
        }

        return await ReplaceAsync(lease, ct);
    }

    /// <summary>Gives the token back, as far as it is ours to give.</summary>
    public async Task RevokeAsync(CancellationToken ct)
    {
        if (Auth.EffectiveMethod is VaultAuthMethod.Token || Interlocked.Exchange(ref _lease, null) is not { } lease || IsOver(lease))
            return;

        await transport.SendAsync(HttpMethod.Post, "auth/token/revoke-self", lease.Token, null, VaultJson.Default.VaultAnswerVaultNothing, ct);
    }

    public void Dispose() => _turn.Dispose();

    private async Task<VaultLease> LogInAsync(CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        var (token, policies, duration, renewable) = Auth.EffectiveMethod switch
        {
            VaultAuthMethod.AppRole => Read(await transport.SendAsync(
                HttpMethod.Post, LoginPath, null,
                JsonContent.Create(new AppRoleLogin(Auth.RoleId!, await SecretIdAsync(ct)), VaultJson.Default.AppRoleLogin),
                VaultJson.Default.VaultAnswerVaultNothing, ct)),
            VaultAuthMethod.Kubernetes => Read(await transport.SendAsync(
                HttpMethod.Post, LoginPath, null,
                JsonContent.Create(new KubernetesLogin(Auth.Role!, await FileAsync(Auth.JwtFile, ct)), VaultJson.Default.KubernetesLogin),
                VaultJson.Default.VaultAnswerVaultNothing, ct)),
            _ => await LookUpAsync(Auth.TokenFile is { } file ? await FileAsync(file, ct) : Auth.Token!, ct),
        };
        if (isProduction && policies?.Contains("root") == true)
        {
            throw new VaultException(
                VaultFailure.Refused,
                "The token for Vault is a root token, and the environment is Production. Use AppRole or Kubernetes with the policies of deploy/vault.");
        }

        return new VaultLease(token, TimeSpan.FromSeconds(duration), renewable, asked);
    }

    private string LoginPath => $"auth/{Auth.EffectiveMount}/login";

    private static (string Token, IReadOnlyList<string>? Policies, int Duration, bool Renewable) Read(VaultAnswer<VaultNothing> answer) =>
        answer.Auth is { } auth
            ? (auth.ClientToken, auth.Policies, auth.LeaseDuration, auth.Renewable)
            : throw new VaultException(VaultFailure.Refused, "Vault's answer to the login has no token in it.");

    private async Task<(string Token, IReadOnlyList<string>? Policies, int Duration, bool Renewable)> LookUpAsync(string token, CancellationToken ct)
    {
        var answer = await transport.SendAsync(HttpMethod.Get, "auth/token/lookup-self", token, null, VaultJson.Default.VaultAnswerTokenDescription, ct);
        return answer.Data is { } found
            ? (token, found.Policies, found.ExpireTime is null ? 0 : Math.Max(1, found.Ttl), found.Renewable)
            : throw new VaultException(VaultFailure.Refused, "Vault's answer to the look-up of the token is empty.");
    }

    private async Task<string> SecretIdAsync(CancellationToken ct)
    {
        if (Auth.SecretIdFile is { } file)
            return await FileAsync(file, ct);
        if (_unwrapped is { } known)
            return known;

        try
        {
            var answer = await transport.SendAsync(
                HttpMethod.Post, "sys/wrapping/unwrap", await FileAsync(Auth.WrappedSecretIdFile!, ct), null, VaultJson.Default.VaultAnswerUnwrappedSecretId, ct);
            return _unwrapped = answer.Data?.SecretId ?? throw new VaultException(VaultFailure.Refused, "What was wrapped is no secret id.");
        }
        catch (VaultException e) when (e.Failure is VaultFailure.Refused or VaultFailure.Denied)
        {
            // Each wrapping token opens once: whoever had it before us has the secret id.
            throw new VaultException(
                VaultFailure.Refused,
                $"The wrapping token in {Auth.WrappedSecretIdFile} has expired, or somebody else has used it. Destroy the secret id, find out who, and issue another.", e);
        }
    }

    private static async Task<string> FileAsync(string path, CancellationToken ct)
    {
        try
        {
            return (await File.ReadAllTextAsync(path, ct)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VaultException(VaultFailure.Refused, $"The file {path}, which Vault's login needs, cannot be read.", e);
        }
    }

    private bool IsOver(VaultLease lease) => lease.Duration > TimeSpan.Zero && time.GetElapsedTime(lease.ObtainedAt) >= lease.Duration;
}
