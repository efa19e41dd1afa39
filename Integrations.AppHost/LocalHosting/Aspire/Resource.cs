using System.Collections.ObjectModel;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Something the application consists of: a server, a database, a project, a parameter.</summary>
public interface IResource
{
    string Name { get; }

    ResourceAnnotationCollection Annotations { get; }
}

/// <summary>A fact attached to a resource.</summary>
public interface IResourceAnnotation;

public sealed class ResourceAnnotationCollection : Collection<IResourceAnnotation>;

public abstract class Resource : IResource
{
    protected Resource(string name)
    {
        // The same rule as Aspire's, so that a name that works here works there.
        if (name is not { Length: >= 1 and <= 64 } || !char.IsAsciiLetter(name[0]) || name.EndsWith('-')
            || name.Contains("--", StringComparison.Ordinal) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '-'))
        {
            throw new ArgumentException(
                $"'{name}' is not a resource name: 1 to 64 letters, digits and single hyphens, beginning with a letter.", nameof(name));
        }

        Name = name;
    }

    public virtual string Name { get; }

    public virtual ResourceAnnotationCollection Annotations { get; } = [];
}

public interface IResourceWithEnvironment : IResource;

public interface IResourceWithArgs : IResource;

public interface IResourceWithEndpoints : IResource;

public interface IResourceWithWaitSupport : IResource;

public interface IResourceWithParent : IResource
{
    IResource Parent { get; }
}

public interface IResourceWithParent<out T> : IResourceWithParent
    where T : IResource
{
    new T Parent { get; }

    IResource IResourceWithParent.Parent => Parent;
}

/// <summary>A server that Aspire runs in a container and LocalHosting runs as a child process.</summary>
public class ContainerResource : Resource, IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport
{
    public ContainerResource(string name, string? entrypoint = null)
        : base(name) => Entrypoint = entrypoint;

    public string? Entrypoint { get; set; }
}

/// <summary>A .NET project of this repository.</summary>
public class ProjectResource(string name)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport;
