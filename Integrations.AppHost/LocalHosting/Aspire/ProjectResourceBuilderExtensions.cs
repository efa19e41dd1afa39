using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Running;
using Integrations.AppHost.LocalHosting.Servers;

namespace Aspire.Hosting;

/// <summary>Where a project is; one class per referenced project is generated into namespace <c>Projects</c>.</summary>
public interface IProjectMetadata : IResourceAnnotation
{
    /// <summary>Full path of the project file.</summary>
    string ProjectPath { get; }

    bool SuppressBuild => false;
}

public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

public static class ProjectResourceBuilderExtensions
{
    /// <summary>Adds a project. Without a launch profile it gets only what the model gives it.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder, string name, string? launchProfileName)
        where TProject : IProjectMetadata, new() => builder.AddProject(name, new TProject().ProjectPath, launchProfileName);

    /// <param name="projectPath">The project file, relative to the directory of the application host.</param>
    public static IResourceBuilder<ProjectResource> AddProject(
        this IDistributedApplicationBuilder builder, string name, string projectPath, string? launchProfileName)
    {
        if (launchProfileName is not null)
        {
            throw new DistributedApplicationException(
                $"Project '{name}' asks for launch profile '{launchProfileName}'. Launch profiles are not read by LocalHosting.");
        }

        var project = new ProjectResource(name);
        var path = Path.GetFullPath(projectPath, builder.AppHostDirectory);
        project.Annotations.Add(new LocalProgram(services => new ProjectProgram(project, path, services)));
        return builder.AddResource(project);
    }

    /// <summary>
    /// Runs so many copies. They do not share an endpoint here: each copy gets a port of its own, and a reference names the first copy's.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        builder.Resource.Annotations.Add(new LocalReplicas(replicas));
        return builder;
    }
}
