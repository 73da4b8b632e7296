#!/usr/bin/perl
# The protected page of the Apache service providers: who is logged in, as JSON, from the environment that the SAML module set.
# Both modules are configured to call what they tell us WHO_<name>.
use strict;
use warnings;
use JSON::PP;

my %who = map { /^WHO_(.*)/ ? (lc $1 => $ENV{$_}) : () } keys %ENV;
my ($id, $format) = (delete $who{name_id}, delete $who{name_id_format});
$_ = [split /;/] for values %who;
print "Content-Type: application/json\r\n\r\n";
print JSON::PP->new->latin1->canonical->encode({ name_id => $id, name_id_format => $format, attributes => \%who });
