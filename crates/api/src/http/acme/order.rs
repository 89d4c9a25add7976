//! One order: from the account to the certificate in the folder.

use instant_acme::{
    Account, AccountBuilder, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder,
    OrderStatus, RetryPolicy,
};
use serde_json::{Value as Json, json};

use super::challenges::Challenges;
use super::folder::Folder;
use super::https::Https;
use super::{AcmeError, AcmeSettings};

/// Orders a certificate and keeps it.
pub(super) async fn run(
    settings: &AcmeSettings,
    folder: &Folder,
    challenges: &Challenges,
) -> Result<(), AcmeError> {
    let account = account(settings, folder).await?;
    let names: Vec<Identifier> = settings.domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        // One that an earlier order left valid has nothing to prove.
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let domain = authorization.identifier().to_string();
        let mut challenge = authorization
            .challenge(ChallengeType::TlsAlpn01)
            .ok_or_else(|| AcmeError::NoChallenge(domain.clone()))?;
        challenges.answer(&domain, challenge.key_authorization().digest().as_ref())?;
        challenge.set_ready().await?;
    }
    let retries = RetryPolicy::default();
    let status = order.poll_ready(&retries).await?;
    if status != OrderStatus::Ready {
        return Err(AcmeError::Refused(format!("{status:?}").to_lowercase()));
    }
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&retries).await?;
    folder.keep_certificate(settings, &chain, &key)
}

/// Restores the account with the authority, or opens one.
async fn account(settings: &AcmeSettings, folder: &Folder) -> Result<Account, AcmeError> {
    let kept = folder.account()?.and_then(|bytes| serde_json::from_slice::<Json>(&bytes).ok());
    let kept = kept.filter(|kept| kept["directory"] == settings.directory.as_str());
    if let Some(kept) = kept
        && let Ok(credentials) = serde_json::from_value(kept["credentials"].clone())
    {
        return Ok(builder(settings)?.from_credentials(credentials).await?);
    }
    let contact = settings.email.as_ref().map(|email| format!("mailto:{email}"));
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let wanted = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let directory = settings.directory.clone();
    let (account, credentials) = builder(settings)?.create(&wanted, directory, None).await?;
    let kept = json!({ "directory": settings.directory, "credentials": credentials });
    folder.keep_account(&kept.to_string())?;
    Ok(account)
}

fn builder(settings: &AcmeSettings) -> Result<AccountBuilder, AcmeError> {
    let https = Https::believing(settings.authority.as_deref())?;
    Ok(Account::builder_with_http(Box::new(https)))
}
