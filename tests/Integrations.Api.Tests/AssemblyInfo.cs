using Integrations.Testing;

[assembly: AssemblyFixture(typeof(Servers))]
