using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Integrations.AppHost.TestHost;

/// <summary>A small application with one of everything that does not take long to start.</summary>
public static class TestApplication
{
    public const string Project = "../Integrations.AppHost.TestHost/Integrations.AppHost.TestHost.csproj";

    /// <param name="builder">Configuration <c>port</c> is the host's port, <c>job-file</c> names the file with the job's exit code.</param>
    public static void Describe(IDistributedApplicationBuilder builder)
    {
        var password = builder.AddParameter("redis-password", new GenerateParameterDefault { Special = false }, secret: true, persist: true);
        var redis = builder.AddRedis("redis", password: password).WithDataVolume();
        var job = builder.AddProject("job", Project, launchProfileName: null).WithArgs("job");
        if (builder.Configuration["job-file"] is { } file)
        {
            job.WithEnvironment("JOB_FILE", file);
        }

        int? port = builder.Configuration["port"] is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
        var host = builder.AddProject("host", Project, launchProfileName: null)
            .WithArgs("--word", "spoken")
            .WithHttpEndpoint(port)
            .WithEndpoint(name: "line", scheme: "tcp", env: "Host__LinePort", isProxied: false)
            .WithEnvironment("SECRET_VALUE", password)
            .WithEnvironment("CACHE", $"cache at {redis.Resource.PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}, password={password}")
            .WithReference(redis)
            .WithHttpHealthCheck("/health")
            .WithUrlForEndpoint("http", url => url.DisplayText = "The host")
            .WaitFor(redis)
            .WaitForCompletion(job);
        builder.AddProject("copies", Project, launchProfileName: null)
            .WithHttpEndpoint()
            .WithReference(host)
            .WithHttpHealthCheck("/health")
            .WithReplicas(2)
            .WaitFor(host);
    }
}
