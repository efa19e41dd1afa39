using Integrations.Core.Tls;
using Microsoft.Extensions.Configuration;

namespace Integrations.Core.Tests.Tls;

public sealed class EncryptedConnectionsTests
{
    [Theory]
    [InlineData("integrations", "Host=db.example;Username=u;Password=secretword")]
    [InlineData("integrations", "Host=db.example;Username=u;Password=secretword;SSL Mode=Require")]
    [InlineData("integrations", "Host=db.example;Username=u;Password=secretword;SSL Mode=VerifyCA")]
    [InlineData("integrations", "Host=127.0.0.1,db.example:5433;Username=u;Password=secretword")]
    [InlineData("rabbitmq", "amqp://u:secretword@broker.example")]
    [InlineData("rabbitmq", "amqp://u:secretword@10.0.0.7:5672")]
    [InlineData("redis", "cache.example:6379,password=secretword")]
    [InlineData("redis", "localhost:6379,cache.example:6379,password=secretword")]
    public void A_production_host_refuses_a_connection_in_clear_to_another_machine(string name, string connection)
    {
        var problem = Assert.Single(Problems(name, connection));

        Assert.Contains($"ConnectionStrings:{name}", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secretword", problem, StringComparison.Ordinal);
        Assert.Empty(Problems(name, connection, production: false));
        Assert.Empty(Problems(name, connection, settings: new() { AllowUnencrypted = true }));
    }

    [Theory]
    [InlineData("integrations", "Host=db.example;SSL Mode=VerifyFull")]
    [InlineData("integrations", "Host=localhost")]
    [InlineData("integrations", "Host=127.0.0.1:5433,::1")]
    [InlineData("integrations", "Host=/var/run/postgresql")]
    [InlineData("rabbitmq", "amqps://u:p@broker.example")]
    [InlineData("rabbitmq", "amqp://u:p@127.0.0.1:5672")]
    [InlineData("rabbitmq", "amqp://u:p@[::1]:5672")]
    [InlineData("redis", "cache.example:6380,ssl=true")]
    [InlineData("redis", "127.0.0.1:6379,localhost:6380")]
    public void What_is_checked_or_stays_on_the_machine_is_taken(string name, string connection) => Assert.Empty(Problems(name, connection));

    [Fact]
    public void With_an_authority_the_database_is_checked_without_saying_so_again()
    {
        using var authority = new Integrations.Testing.TestAuthority();

        Assert.Empty(Problems("integrations", "Host=db.example", settings: new() { CertificateAuthority = authority.CertificateFile }));
    }

    [Fact]
    public void An_authority_that_is_not_there_is_told_at_the_start() =>
        Assert.Contains("/nowhere/ca.pem", Assert.Single(Problems("integrations", "Host=localhost", false, new() { CertificateAuthority = "/nowhere/ca.pem" })), StringComparison.Ordinal);

    private static List<string> Problems(string name, string connection, bool production = true, TlsOptions? settings = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [$"ConnectionStrings:{name}"] = connection }).Build();
        return [.. EncryptedConnections.Problems(configuration, settings ?? new(), production)];
    }
}
