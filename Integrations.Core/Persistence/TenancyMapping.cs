using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Integrations.Core.Persistence;

internal sealed class TenantMapping : IEntityTypeConfiguration<Tenant>
{
    public void Configure(EntityTypeBuilder<Tenant> builder)
    {
        builder.ToTable("tenants");
        builder.HasKey(tenant => tenant.Id);
        builder.Property(tenant => tenant.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(tenant => tenant.Number).HasColumnName("number");
        builder.Property(tenant => tenant.Name).HasColumnName("name");
        builder.Property(tenant => tenant.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(tenant => tenant.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class UserMapping : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> builder)
    {
        builder.ToTable("users");
        builder.HasKey(user => user.Id);
        builder.Property(user => user.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(user => user.TenantId).HasColumnName("tenant_id");
        builder.Property(user => user.UserId).HasColumnName("user_id");
        builder.Property(user => user.Subject).HasColumnName("subject");
        builder.Property(user => user.Email).HasColumnName("email");
        builder.Property(user => user.DisplayName).HasColumnName("display_name");
        builder.Property(user => user.Role).HasColumnName("role").HasConversion<WordConverter<Role>>();
        builder.Property(user => user.PasswordHash).HasColumnName("password_hash");
        builder.Property(user => user.IsActive).HasColumnName("is_active");
        builder.Property(user => user.LastSeenAt).HasColumnName("last_seen_at");
        builder.Property(user => user.ErasedAt).HasColumnName("erased_at");
        // Nobody meets him any more; his number stays for what refers to it.
        builder.HasQueryFilter(user => user.ErasedAt == null);
        builder.Property(user => user.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(user => user.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class ProjectMapping : IEntityTypeConfiguration<Project>
{
    public void Configure(EntityTypeBuilder<Project> builder)
    {
        builder.ToTable("projects");
        builder.HasKey(project => project.Id);
        builder.Property(project => project.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(project => project.TenantId).HasColumnName("tenant_id");
        builder.Property(project => project.Name).HasColumnName("name");
        builder.Property(project => project.Mirroring).HasColumnName("mirroring");
        builder.Property(project => project.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(project => project.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}
