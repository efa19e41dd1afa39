using Integrations.Core.People;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Integrations.Core.Persistence;

internal sealed class InvitationMapping : IEntityTypeConfiguration<Invitation>
{
    public void Configure(EntityTypeBuilder<Invitation> builder)
    {
        builder.ToTable("invitations");
        builder.HasKey(invitation => invitation.Id);
        builder.Property(invitation => invitation.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(invitation => invitation.TenantId).HasColumnName("tenant_id");
        builder.Property(invitation => invitation.Email).HasColumnName("email");
        builder.Property(invitation => invitation.Role).HasColumnName("role").HasConversion<WordConverter<Role>>();
        builder.Property(invitation => invitation.TokenHash).HasColumnName("token_hash");
        builder.Property(invitation => invitation.InvitedBy).HasColumnName("invited_by");
        builder.Property(invitation => invitation.ExpiresAt).HasColumnName("expires_at");
        builder.Property(invitation => invitation.AcceptedAt).HasColumnName("accepted_at");
        builder.Property(invitation => invitation.AcceptedBy).HasColumnName("accepted_by");
        builder.Property(invitation => invitation.RevokedAt).HasColumnName("revoked_at");
        builder.Property(invitation => invitation.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(invitation => invitation.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
        builder.Ignore(invitation => invitation.IsOpen);
    }
}

internal sealed class ApiKeyMapping : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> builder)
    {
        builder.ToTable("api_keys");
        builder.HasKey(key => key.Id);
        builder.Property(key => key.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(key => key.TenantId).HasColumnName("tenant_id");
        builder.Property(key => key.UserId).HasColumnName("user_id");
        builder.Property(key => key.Name).HasColumnName("name");
        builder.Property(key => key.Prefix).HasColumnName("prefix");
        builder.Property(key => key.KeyHash).HasColumnName("key_hash");
        builder.Property(key => key.Scopes).HasColumnName("scopes");
        builder.Property(key => key.ExpiresAt).HasColumnName("expires_at");
        builder.Property(key => key.LastUsedAt).HasColumnName("last_used_at");
        builder.Property(key => key.RevokedAt).HasColumnName("revoked_at");
        builder.Property(key => key.ReplacedBy).HasColumnName("replaced_by");
        builder.HasOne<ApiKey>().WithMany().HasForeignKey(key => key.ReplacedBy);
        builder.Property(key => key.CreatedBy).HasColumnName("created_by");
        builder.Property(key => key.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(key => key.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}
