using Integrations.Api.RateLimits;
using Integrations.Core.RateLimits;
using Microsoft.OpenApi;

namespace Integrations.Api.OpenApi;

/// <summary>The API's own description: <c>/openapi.json</c>, and a page to read and try it at <c>/docs</c>.</summary>
internal static class OpenApiHosting
{
    public const string DocumentPath = "/openapi.json";
    private const string DocumentName = "v1";
    private const string SchemeName = "bearer";

    public static WebApplicationBuilder AddReference(this WebApplicationBuilder builder)
    {
        builder.Services.AddOpenApi(DocumentName, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddOperationTransformer<RouteTransformer>();
            options.AddDocumentTransformer((document, _, _) =>
            {
                Describe(document);
                return Task.CompletedTask;
            });
        });
        return builder;
    }

    public static WebApplication MapReference(this WebApplication app)
    {
        app.MapOpenApi(DocumentPath).AllowAnonymous().LimitedAs(RouteClass.Status);
        return app;
    }

    /// <summary>The page's files are embedded in its package: nothing is loaded from anywhere else.</summary>
    public static WebApplication UseReferencePage(this WebApplication app)
    {
        app.UseSwaggerUI(page =>
        {
            page.RoutePrefix = "docs";
            page.DocumentTitle = "Integrations API";
            page.SwaggerEndpoint(DocumentPath, "Integrations API");
            // Its default would send the document's address to a validator on the internet.
            page.EnableValidator(null);
        });
        return app;
    }

    private static void Describe(OpenApiDocument document)
    {
        document.Info = new()
        {
            Title = "Integrations API",
            Version = "1.0.0",
            Description =
                "Connect personal Telegram accounts and talk through them. JSON in snake_case; times in ISO 8601 with their offset; ids are uuids. "
                + "Errors are application/problem+json (RFC 9457) with a code. Send a session token, an API key or a token of your user service as Authorization: Bearer.",
            License = new() { Name = "MIT", Identifier = "MIT" },
        };
        // Whoever reads the document knows the address it came from; another one would be wrong behind a proxy.
        document.Servers = [];
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [SchemeName] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A session token (ses_…) from signing in, an API key (int_…), or a JWT of the user service (HS256; RS256 and ES256 where its key set is configured) with the claims sub or user_id, tenant_id, role and exp.",
            },
        };
        foreach (var operation in document.Paths.Values.SelectMany(path => (IEnumerable<OpenApiOperation>?)path.Operations?.Values ?? []))
        {
            if (operation.Responses?.ContainsKey("401") == true && operation.OperationId is not ("SignIn" or "AnswerSignInChallenge" or "UseOwnerLink" or "AcceptInvitation"))
                operation.Security = [new() { [new OpenApiSecuritySchemeReference(SchemeName, document)] = [] }];
        }
    }
}
