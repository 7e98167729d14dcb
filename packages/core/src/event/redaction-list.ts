/**
 * What is taken out of a record before anything is stored. This list is the documentation's source; a change here changes
 * what the log holds from then on, never what it holds already.
 */
export const hiddenValue = 'HIDDEN_DUE_TO_SECURITY_REASONS'

/** What services write themselves in place of a secret: left as it is, so that old logs stay as they were. */
export const alreadyHidden: readonly RegExp[] = [
  /^HIDDEN_DUE_TO_SECURITY_REASONS$/,
  /^\*+$/,
  /^<sensitiveDataRemoved>$/,
  /^Value hidden due to security reasons\.$/,
]

export interface SecretNames {
  readonly what: string
  readonly names: readonly string[]
}

/**
 * A value under one of these names is replaced, at any depth: every string and number in it, so that keys and structure
 * stay. Compared without regard to letter case, `-` and `_`, and as whole names: `password` does not match
 * `passwordResetRequired`, nor `privateKey` `privateKeyId`. Empty strings, true, false and null say nothing and stay.
 */
export const secretNames: readonly SecretNames[] = [
  {
    what: 'Passwords',
    names: [
      'password',
      'passwd',
      'passphrase',
      'newPassword',
      'oldPassword',
      'previousPassword',
      'proposedPassword',
      'currentPassword',
      'temporaryPassword',
      'initialPassword',
      'masterPassword',
      'masterUserPassword',
      'masterUserSecretPassword',
      'adminPassword',
      'adminUserPassword',
      'fsxAdminPassword',
      'svmAdminPassword',
      'fileSystemAdministratorPassword',
      'administratorPassword',
      'directoryPassword',
      'directoryServicePassword',
      'domainPassword',
      'domainJoinPassword',
      'userPassword',
      'dbPassword',
      'databasePassword',
      'servicePassword',
      'serviceAccountPassword',
      'keystorePassword',
      'truststorePassword',
      'certificatePassword',
      'keyPassword',
      'privateKeyPassword',
      'privateKeyPassphrase',
      'trustPassword',
      'smbPassword',
      'smbGuestPassword',
      'registryPassword',
      'rootPassword',
      'snapshotPassword',
      'proxyPassword',
      'passwordData',
    ],
  },
  {
    what: 'Access keys and session credentials',
    names: [
      'secretAccessKey',
      'awsSecretAccessKey',
      'secretKey',
      'awsSecretKey',
      'sessionToken',
      'awsSessionToken',
      'securityToken',
      'xAmzSecurityToken',
      'xAmzSignature',
      'signinToken',
      'federationToken',
      'sasToken',
      'accountKey',
      'storageAccountKey',
    ],
  },
  {
    what: 'Key material',
    names: [
      'privateKey',
      'privateKeyBase64',
      'privateKeyPem',
      'privateKeyPlaintext',
      'privateKeyMaterial',
      'keyMaterial',
      'encryptedKeyMaterial',
      'sshPrivateKey',
      'rsaPrivateKey',
      'hostKeyBody',
      'hostKey',
      'serverPrivateKey',
      'certificatePrivateKey',
      'signingPrivateKey',
      'plaintextDataKey',
      'sseCustomerKey',
      'copySourceSSECustomerKey',
      'xAmzServerSideEncryptionCustomerKey',
      'xAmzCopySourceServerSideEncryptionCustomerKey',
      'preSharedKey',
      'wifiPassword',
      'bgpAuthKey',
      'authKey',
      'macsecKey',
      'cak',
      'base32StringSeed',
      'qrCodePNG',
      'softwareTokenSecretCode',
    ],
  },
  {
    what: 'Application secrets',
    names: [
      'secret',
      'secretString',
      'secretBinary',
      'secretValue',
      'secretHash',
      'secretCode',
      'sharedSecret',
      'clientSecret',
      'appSecret',
      'applicationSecret',
      'consumerSecret',
      'apiSecret',
      'apiSecretKey',
      'apiKeyValue',
      'xApiKey',
      'webhookSecret',
      'webhookToken',
      'secretToken',
      'signingSecret',
      'credentialSecret',
      'secretToAuthenticateInitiator',
      'secretToAuthenticateTarget',
    ],
  },
  {
    what: 'Tokens that authorise by themselves',
    names: [
      'token',
      'accessToken',
      'refreshToken',
      'idToken',
      'authToken',
      'authorizationToken',
      'bearerToken',
      'apiToken',
      'oauthToken',
      'personalAccessToken',
      'webIdentityToken',
      'samlAssertion',
      'samlResponse',
      'clientAssertion',
      'authorizationCode',
      'authCode',
      'codeVerifier',
      'deviceCode',
      'deviceSecret',
      'connectionToken',
      'tokenValue',
      'jwt',
    ],
  },
  {
    what: 'One-time codes',
    names: [
      'tokenCode',
      'mfaCode',
      'totpCode',
      'smsMfaCode',
      'softwareTokenMfaCode',
      'authenticationCode1',
      'authenticationCode2',
      'confirmationCode',
      'verificationCode',
      'otp',
    ],
  },
  {
    what: 'Request headers',
    names: ['authorization', 'proxyAuthorization', 'xAmzAuthToken', 'xAuthToken', 'cookie', 'cookies', 'setCookie'],
  },
  {
    what: 'Boot scripts, which often hold one of the above',
    names: ['userData'],
  },
]

export interface SecretParameter {
  readonly source: string
  /** Event names without the date that some services append (`CreateFunction20150331`). */
  readonly eventNames: readonly string[]
  /** From the top level down; `*` stands for every element of a list or every member of an object. */
  readonly paths: readonly string[]
}

/** Parameters that hide behind an ordinary name: secret only in these calls. CloudTrail hides the same ones. */
export const secretParameters: readonly SecretParameter[] = [
  { source: 'ssm.amazonaws.com', eventNames: ['PutParameter'], paths: ['requestParameters.value'] },
  {
    source: 'ssm.amazonaws.com',
    eventNames: ['SendCommand', 'StartSession', 'StartAutomationExecution'],
    paths: ['requestParameters.parameters', 'responseElements.command.parameters'],
  },
  {
    source: 'ssm.amazonaws.com',
    eventNames: ['GetParameter', 'GetParameters', 'GetParametersByPath', 'GetParameterHistory'],
    paths: ['responseElements.parameter.value', 'responseElements.parameters.*.value'],
  },
  {
    source: 'sns.amazonaws.com',
    eventNames: ['Publish'],
    paths: ['requestParameters.message', 'requestParameters.subject', 'requestParameters.messageAttributes'],
  },
  {
    source: 'sns.amazonaws.com',
    eventNames: ['PublishBatch'],
    paths: [
      'requestParameters.publishBatchRequestEntries.*.message',
      'requestParameters.publishBatchRequestEntries.*.subject',
      'requestParameters.publishBatchRequestEntries.*.messageAttributes',
    ],
  },
  {
    source: 'sqs.amazonaws.com',
    eventNames: ['SendMessage', 'SendMessageBatch', 'ReceiveMessage'],
    paths: [
      'requestParameters.messageBody',
      'requestParameters.messageAttributes',
      'requestParameters.entries.*.messageBody',
      'requestParameters.entries.*.messageAttributes',
      'responseElements.messages.*.body',
    ],
  },
  {
    source: 'lambda.amazonaws.com',
    eventNames: ['CreateFunction', 'UpdateFunctionConfiguration', 'UpdateFunctionCode', 'PublishVersion'],
    paths: [
      'requestParameters.environment',
      'responseElements.environment',
      'requestParameters.code.zipFile',
      'requestParameters.zipFile',
    ],
  },
  {
    source: 'kms.amazonaws.com',
    eventNames: ['Encrypt', 'Decrypt', 'GenerateDataKey', 'GenerateDataKeyPair', 'GenerateRandom', 'GenerateMac'],
    paths: ['requestParameters.plaintext', 'requestParameters.message', 'responseElements.plaintext'],
  },
  {
    source: 'cognito-identity.amazonaws.com',
    eventNames: ['GetId', 'GetCredentialsForIdentity', 'GetOpenIdToken', 'GetOpenIdTokenForDeveloperIdentity'],
    paths: ['requestParameters.logins'],
  },
  {
    source: 'cognito-idp.amazonaws.com',
    eventNames: ['InitiateAuth', 'AdminInitiateAuth', 'RespondToAuthChallenge', 'AdminRespondToAuthChallenge'],
    paths: ['requestParameters.authParameters', 'requestParameters.challengeResponses'],
  },
  {
    source: 'apigateway.amazonaws.com',
    eventNames: ['CreateApiKey', 'UpdateApiKey', 'GetApiKey', 'ImportApiKeys'],
    paths: ['requestParameters.createApiKeyInput.value', 'requestParameters.value', 'responseElements.value'],
  },
  {
    source: 'codebuild.amazonaws.com',
    eventNames: ['CreateProject', 'UpdateProject', 'StartBuild'],
    paths: [
      'requestParameters.environment.environmentVariables.*.value',
      'requestParameters.environmentVariablesOverride.*.value',
      'responseElements.project.environment.environmentVariables.*.value',
      'responseElements.build.environment.environmentVariables.*.value',
    ],
  },
  {
    source: 'ecs.amazonaws.com',
    eventNames: ['RegisterTaskDefinition', 'RunTask', 'StartTask'],
    paths: [
      'requestParameters.containerDefinitions.*.environment.*.value',
      'requestParameters.overrides.containerOverrides.*.environment.*.value',
      'responseElements.taskDefinition.containerDefinitions.*.environment.*.value',
      'responseElements.tasks.*.overrides.containerOverrides.*.environment.*.value',
    ],
  },
  {
    source: 'amplify.amazonaws.com',
    eventNames: ['CreateApp', 'UpdateApp', 'CreateBranch', 'UpdateBranch'],
    paths: ['requestParameters.environmentVariables', 'responseElements.app.environmentVariables'],
  },
  {
    source: 'secretsmanager.amazonaws.com',
    eventNames: ['GetRandomPassword'],
    paths: ['responseElements.randomPassword'],
  },
]

export interface SecretForm {
  readonly what: string
  /** A literal part that every match holds, searched first because almost no record has it. */
  readonly marks: readonly string[]
  /** Linear in the length of the text: bounded repetition, or a start that cannot lie inside a match. */
  readonly pattern: RegExp
}

/**
 * Secrets that are known by their form, in any string value. Below the top level the whole value is replaced; in a
 * top-level field (`userAgent`, `errorMessage`, ...) only the matching part, because readers need the rest.
 */
export const secretForms: readonly SecretForm[] = [
  {
    what: 'PEM private keys',
    marks: ['PRIVATE KEY'],
    pattern: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]{0,40}-----|$)/g,
  },
  {
    what: 'Request signatures: `Authorization` headers of Signature Version 4, presigned URLs',
    marks: ['ignature=', 'ignature%3D', 'ignature%3d'],
    pattern: /\bSignature(?:=|%3D)[A-Za-z0-9%/+_=-]{16,}/gi,
  },
  {
    what: 'Session tokens in URLs',
    marks: ['ecurity-Token=', 'ecurity-Token%3D', 'ecurity-token='],
    pattern: /\bX-Amz-Security-Token(?:=|%3D)[A-Za-z0-9%/+_=-]{16,}/gi,
  },
  {
    what: 'Bearer tokens',
    marks: ['earer ', 'EARER '],
    pattern: /\bBearer +(?!HIDDEN_DUE_TO_SECURITY_REASONS(?![\w.~+/=-]))[A-Za-z0-9._~+/=-]{16,}/gi,
  },
  {
    what: 'JSON Web Tokens',
    marks: ['eyJ'],
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*/g,
  },
  {
    what: 'Secret access keys beside their name',
    marks: ['ecret_access_key', 'ecretAccessKey', 'ECRET_ACCESS_KEY', 'ecret access key', 'ecret-access-key'],
    pattern: /secret[ _-]?access[ _-]?key["'\\ ]{0,4}[:= ]["'\\ ]{0,4}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi,
  },
]
