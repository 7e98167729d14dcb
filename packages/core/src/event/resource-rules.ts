/**
 * Which parameters name a resource, per service: what LookupEvents shows as an event's resources beside those that the
 * record itself lists. CloudTrail's own table is unpublished; this one follows the parameter names of the services' APIs.
 * Paths begin at `requestParameters` unless they name `responseElements`; `*` stands for every element of a list.
 */
export interface ResourceRule {
  readonly source: string
  /** Only in these calls; otherwise in all calls of the service. */
  readonly eventNames?: readonly string[]
  /** Path to a string → resource type. */
  readonly names: Readonly<Record<string, string>>
}

const assumeRoleCalls = ['AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity'] as const

export const resourceRules: readonly ResourceRule[] = [
  {
    source: 'sts.amazonaws.com',
    eventNames: assumeRoleCalls,
    names: {
      'responseElements.credentials.accessKeyId': 'AWS::IAM::AccessKey',
      roleSessionName: 'AWS::STS::AssumedRole',
      roleArn: 'AWS::IAM::Role',
    },
  },
  {
    source: 'iam.amazonaws.com',
    names: {
      userName: 'AWS::IAM::User',
      'responseElements.user.arn': 'AWS::IAM::User',
      roleName: 'AWS::IAM::Role',
      'responseElements.role.arn': 'AWS::IAM::Role',
      groupName: 'AWS::IAM::Group',
      'responseElements.group.arn': 'AWS::IAM::Group',
      policyArn: 'AWS::IAM::Policy',
      'responseElements.policy.arn': 'AWS::IAM::Policy',
      policyName: 'AWS::IAM::Policy',
      instanceProfileName: 'AWS::IAM::InstanceProfile',
      accessKeyId: 'AWS::IAM::AccessKey',
      'responseElements.accessKey.accessKeyId': 'AWS::IAM::AccessKey',
      serialNumber: 'AWS::IAM::VirtualMFADevice',
      sAMLProviderArn: 'AWS::IAM::SAMLProvider',
      openIDConnectProviderArn: 'AWS::IAM::OIDCProvider',
      serverCertificateName: 'AWS::IAM::ServerCertificate',
    },
  },
  {
    source: 'cloudtrail.amazonaws.com',
    names: {
      name: 'AWS::CloudTrail::Trail',
      trailName: 'AWS::CloudTrail::Trail',
      'trailNameList.*': 'AWS::CloudTrail::Trail',
      'responseElements.trailARN': 'AWS::CloudTrail::Trail',
      eventDataStore: 'AWS::CloudTrail::EventDataStore',
      'responseElements.eventDataStoreArn': 'AWS::CloudTrail::EventDataStore',
      channel: 'AWS::CloudTrail::Channel',
      'responseElements.channelArn': 'AWS::CloudTrail::Channel',
    },
  },
  {
    source: 'cloudtrail.amazonaws.com',
    eventNames: ['CreateTrail', 'UpdateTrail'],
    names: { s3BucketName: 'AWS::S3::Bucket' },
  },
  { source: 's3.amazonaws.com', names: { bucketName: 'AWS::S3::Bucket' } },
  {
    source: 'ec2.amazonaws.com',
    names: {
      instanceId: 'AWS::EC2::Instance',
      'instancesSet.items.*.instanceId': 'AWS::EC2::Instance',
      'responseElements.instancesSet.items.*.instanceId': 'AWS::EC2::Instance',
      'instancesSet.items.*.imageId': 'AWS::EC2::Ami',
      'instancesSet.items.*.keyName': 'AWS::EC2::KeyPair',
      'responseElements.instancesSet.items.*.imageId': 'AWS::EC2::Ami',
      'responseElements.instancesSet.items.*.subnetId': 'AWS::EC2::Subnet',
      'responseElements.instancesSet.items.*.vpcId': 'AWS::EC2::VPC',
      'responseElements.instancesSet.items.*.keyName': 'AWS::EC2::KeyPair',
      'responseElements.instancesSet.items.*.groupSet.items.*.groupId': 'AWS::EC2::SecurityGroup',
      'responseElements.instancesSet.items.*.networkInterfaceSet.items.*.networkInterfaceId':
        'AWS::EC2::NetworkInterface',
      imageId: 'AWS::EC2::Ami',
      'responseElements.imageId': 'AWS::EC2::Ami',
      groupId: 'AWS::EC2::SecurityGroup',
      'groupSet.items.*.groupId': 'AWS::EC2::SecurityGroup',
      'responseElements.groupId': 'AWS::EC2::SecurityGroup',
      vpcId: 'AWS::EC2::VPC',
      'responseElements.vpc.vpcId': 'AWS::EC2::VPC',
      subnetId: 'AWS::EC2::Subnet',
      'responseElements.subnet.subnetId': 'AWS::EC2::Subnet',
      volumeId: 'AWS::EC2::Volume',
      'responseElements.volumeId': 'AWS::EC2::Volume',
      snapshotId: 'AWS::EC2::Snapshot',
      'responseElements.snapshotId': 'AWS::EC2::Snapshot',
      keyName: 'AWS::EC2::KeyPair',
      networkInterfaceId: 'AWS::EC2::NetworkInterface',
      internetGatewayId: 'AWS::EC2::InternetGateway',
      natGatewayId: 'AWS::EC2::NatGateway',
      routeTableId: 'AWS::EC2::RouteTable',
      networkAclId: 'AWS::EC2::NetworkAcl',
      allocationId: 'AWS::EC2::EIP',
      'responseElements.allocationId': 'AWS::EC2::EIP',
      launchTemplateId: 'AWS::EC2::LaunchTemplate',
      launchTemplateName: 'AWS::EC2::LaunchTemplate',
    },
  },
  {
    source: 'lambda.amazonaws.com',
    names: {
      functionName: 'AWS::Lambda::Function',
      'responseElements.functionArn': 'AWS::Lambda::Function',
      layerName: 'AWS::Lambda::LayerVersion',
      role: 'AWS::IAM::Role',
    },
  },
  {
    source: 'rds.amazonaws.com',
    names: {
      dBInstanceIdentifier: 'AWS::RDS::DBInstance',
      dBClusterIdentifier: 'AWS::RDS::DBCluster',
      dBSnapshotIdentifier: 'AWS::RDS::DBSnapshot',
      dBClusterSnapshotIdentifier: 'AWS::RDS::DBClusterSnapshot',
      dBSubnetGroupName: 'AWS::RDS::DBSubnetGroup',
      dBParameterGroupName: 'AWS::RDS::DBParameterGroup',
    },
  },
  {
    source: 'kms.amazonaws.com',
    names: {
      keyId: 'AWS::KMS::Key',
      'responseElements.keyMetadata.keyId': 'AWS::KMS::Key',
      aliasName: 'AWS::KMS::Alias',
    },
  },
  {
    source: 'secretsmanager.amazonaws.com',
    names: {
      secretId: 'AWS::SecretsManager::Secret',
      name: 'AWS::SecretsManager::Secret',
      'responseElements.arn': 'AWS::SecretsManager::Secret',
      'responseElements.aRN': 'AWS::SecretsManager::Secret',
    },
  },
  { source: 'ssm.amazonaws.com', eventNames: ['SendCommand'], names: { 'instanceIds.*': 'AWS::EC2::Instance' } },
  { source: 'ssm.amazonaws.com', eventNames: ['StartSession'], names: { target: 'AWS::EC2::Instance' } },
  {
    source: 'ssm.amazonaws.com',
    eventNames: ['PutParameter', 'GetParameter', 'DeleteParameter', 'GetParameterHistory'],
    names: { name: 'AWS::SSM::Parameter' },
  },
  { source: 'dynamodb.amazonaws.com', names: { tableName: 'AWS::DynamoDB::Table' } },
  {
    source: 'sns.amazonaws.com',
    names: { topicArn: 'AWS::SNS::Topic', 'responseElements.topicArn': 'AWS::SNS::Topic' },
  },
  { source: 'sqs.amazonaws.com', names: { queueUrl: 'AWS::SQS::Queue', queueName: 'AWS::SQS::Queue' } },
  {
    source: 'cloudformation.amazonaws.com',
    names: { stackName: 'AWS::CloudFormation::Stack', 'responseElements.stackId': 'AWS::CloudFormation::Stack' },
  },
  { source: 'logs.amazonaws.com', names: { logGroupName: 'AWS::Logs::LogGroup' } },
  { source: 'ecr.amazonaws.com', names: { repositoryName: 'AWS::ECR::Repository' } },
  { source: 'ecs.amazonaws.com', names: { cluster: 'AWS::ECS::Cluster', service: 'AWS::ECS::Service' } },
  { source: 'eks.amazonaws.com', eventNames: ['CreateCluster'], names: { name: 'AWS::EKS::Cluster' } },
  { source: 'eks.amazonaws.com', names: { clusterName: 'AWS::EKS::Cluster' } },
  {
    source: 'elasticloadbalancing.amazonaws.com',
    names: {
      loadBalancerName: 'AWS::ElasticLoadBalancing::LoadBalancer',
      loadBalancerArn: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
      targetGroupArn: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      listenerArn: 'AWS::ElasticLoadBalancingV2::Listener',
    },
  },
  {
    source: 'autoscaling.amazonaws.com',
    names: {
      autoScalingGroupName: 'AWS::AutoScaling::AutoScalingGroup',
      launchConfigurationName: 'AWS::AutoScaling::LaunchConfiguration',
    },
  },
  { source: 'guardduty.amazonaws.com', names: { detectorId: 'AWS::GuardDuty::Detector' } },
  { source: 'route53.amazonaws.com', names: { hostedZoneId: 'AWS::Route53::HostedZone' } },
  { source: 'monitoring.amazonaws.com', names: { alarmName: 'AWS::CloudWatch::Alarm' } },
  {
    source: 'events.amazonaws.com',
    eventNames: ['PutRule', 'DeleteRule', 'DisableRule', 'EnableRule'],
    names: { name: 'AWS::Events::Rule' },
  },
  { source: 'cloudfront.amazonaws.com', names: { id: 'AWS::CloudFront::Distribution' } },
  { source: 'redshift.amazonaws.com', names: { clusterIdentifier: 'AWS::Redshift::Cluster' } },
]
