using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Integrations.Core.Persistence;
using Integrations.Core.Tls;
using Integrations.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Integrations.Core.Tests.Tls;

/// <summary>Over a PostgreSQL of its own, whose certificate is changed while it runs.</summary>
public sealed class DatabaseCertificateTests : IAsyncLifetime
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _another = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("integrations-tls-");
    private DistributedApplication? _application;
    private string _superuser = "";

    public async ValueTask InitializeAsync()
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--data", Path.Combine(_directory.FullName, "data"), "--ports", "auto"],
            DisableDashboard = true,
        });
        builder.AddPostgres("postgres");
        _application = builder.Build();
        await _application.StartAsync(_cancel);
        await _application.ResourceNotifications.WaitForResourceHealthyAsync("postgres", _cancel);
        _superuser = new NpgsqlConnectionStringBuilder(await _application.GetConnectionStringAsync("postgres", _cancel)) { Database = "postgres" }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
            await _application.DisposeAsync();
        _directory.Delete(recursive: true);
        _authority.Dispose();
        _another.Dispose();
    }

    // One test, because the cluster takes seconds to make.
    [Fact]
    public async Task The_database_is_believed_only_with_a_certificate_for_its_host_in_its_time_from_our_authority()
    {
        await ShowAsync(_authority.Issue("localhost"));
        Assert.Null(await RefusalAsync("localhost", _authority.CertificateFile));
        Assert.NotNull(await RefusalAsync("127.0.0.1", _authority.CertificateFile));
        Assert.NotNull(await RefusalAsync("localhost", _another.CertificateFile));

        await ShowAsync(_authority.Issue("localhost", expired: true));
        Assert.NotNull(await RefusalAsync("localhost", _authority.CertificateFile));
    }

    /// <summary>Why a host's own connections were not made; null when a query was answered over an encrypted one.</summary>
    private async Task<string?> RefusalAsync(string host, string authority)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:integrations"] = new NpgsqlConnectionStringBuilder(_superuser) { Host = host }.ConnectionString,
            ["Tls:CertificateAuthority"] = authority,
        }).Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging();
        services.AddOptions<DatabaseOptions>();
        services.AddOptions<TlsOptions>().BindConfiguration(TlsOptions.Section);
        await using var provider = services.BuildServiceProvider();
        await using var source = DataSources.Main(provider);
        try
        {
            await using var command = source.CreateCommand("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
            Assert.Equal(true, await command.ExecuteScalarAsync(_cancel));
            return null;
        }
        catch (NpgsqlException e) when (e.GetBaseException() is System.Security.Authentication.AuthenticationException refused)
        {
            return refused.Message;
        }
    }

    /// <summary>Returns when new connections are shown this certificate.</summary>
    private async Task ShowAsync(TestCertificate certificate)
    {
        await using var source = NpgsqlDataSource.Create(_superuser + ";SSL Mode=Disable;Pooling=false");
        await WriteAsync(source, "server.crt", certificate.CertificateFile);
        await WriteAsync(source, "server.key", certificate.KeyFile);
        await CoreDatabase.ExecuteAsync(source, "alter system set ssl = on");
        var before = await CoreDatabase.ScalarAsync<DateTime>(source, "select clock_timestamp()");
        await CoreDatabase.ExecuteAsync(source, "select pg_reload_conf()");
        // A new connection inherits what its parent has read; the server reads the certificate with its settings.
        await Eventually.IsAsync(
            async () => await CoreDatabase.ScalarAsync<DateTime>(source, "select pg_conf_load_time()") > before,
            () => "the settings were not read again");
    }

    /// <summary>The server writes it into its own directory, as its own user and with the mode that it insists on.</summary>
    private static Task WriteAsync(NpgsqlDataSource source, string name, string file) => CoreDatabase.ExecuteAsync(
        source, $"copy (select unnest(string_to_array('{File.ReadAllText(file).Trim().ReplaceLineEndings("\n")}', E'\\n'))) to program 'rm -f {name}; umask 077; cat > {name}'");
}
