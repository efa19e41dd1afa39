using System.Collections;
using System.Globalization;
using Aspire.Hosting;
using Integrations.AppHost.TestHost;

// Three programs for the tests of the application host:
//   apphost OPTIONS…   an application host with Redis, a job and this program as a host
//   job                a program that runs to its end: exits with the number in the file named by JOB_FILE, 0 without one
//   (nothing)          a web host that can be asked for its environment and to end
switch (args)
{
    case ["apphost", .. var options]:
        var application = DistributedApplication.CreateBuilder(options);
        TestApplication.Describe(application);
        application.Build().Run();
        return Environment.ExitCode;

    case ["job", ..]:
        Console.WriteLine("The job runs.");
        return Environment.GetEnvironmentVariable("JOB_FILE") is { } file && File.Exists(file)
            ? int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture)
            : 0;

    default:
        var builder = WebApplication.CreateBuilder(args);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var healthy = true;
        app.MapGet("/health", () => healthy ? Results.Ok() : Results.StatusCode(503));
        app.MapPost("/sicken", () => healthy = false);
        app.MapPost("/say", async (HttpRequest request) => Console.WriteLine(await new StreamReader(request.Body).ReadToEndAsync()));
        app.MapPost("/exit/{code:int}", (int code) => Environment.Exit(code));
        app.MapGet("/pid", () => Environment.ProcessId);
        app.MapGet("/environment", () => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value));
        app.MapGet("/arguments", () => args);
        await app.RunAsync();
        return 0;
}
